using System.Buffers.Binary;
using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Commands that need the disk for themselves.</summary>
public sealed class GateTests
{
    private const int Size = 1 << 20;

    [Theory]
    [InlineData(IoEngineChoice.IoUring, 0)]
    [InlineData(IoEngineChoice.Workers, 0)]
    [InlineData(IoEngineChoice.IoUring, 3)]
    public async Task Compare_and_write_counts_without_losing_one(IoEngineChoice engine, int busyEvery)
    {
        const int Submitters = 8;
        const int Increments = 100;
        var store = new AsyncStore(Size) { BusyEvery = busyEvery };
        await using (var rig = await Rig.StartAsync(store, engine))
        {
            var misses = 0;
            await Task.WhenAll(Enumerable.Range(0, Submitters).Select(submitter => Task.Run(async () =>
            {
                for (var done = 0; done < Increments;)
                {
                    var before = await rig.ReadAsync(64, 1);
                    var pair = new byte[1024];
                    before.CopyTo(pair, 0);
                    BinaryPrimitives.WriteInt64LittleEndian(pair.AsSpan(512), BinaryPrimitives.ReadInt64LittleEndian(before) + 1);
                    var completion = await rig.SubmitAsync(Cdb.CompareAndWrite(64, 1), pair);
                    if (completion.Status == 0) done++;
                    else Interlocked.Increment(ref misses);
                }
            })));
            Assert.Equal(Submitters * Increments, BinaryPrimitives.ReadInt64LittleEndian(await rig.ReadAsync(64, 1)));
            Assert.True(misses > 0, "no two submitters met, so nothing was tried");
        }

        Assert.Null(store.Violation);
    }

    [Fact]
    public async Task A_command_that_runs_alone_waits_and_is_waited_for()
    {
        var store = new AsyncStore(Size, held: true, alignment: 4096);
        await using (var rig = await Rig.StartAsync(store, IoEngineChoice.IoUring))
        {
            // Two that may run side by side, one that may not, and two more behind it.
            rig.Device.Plug();
            Task<KernelModel.ModelCompletion>[] tasks =
            [
                rig.SubmitAsync(Cdb.Write(0, 8), new byte[4096]),
                rig.SubmitAsync(Cdb.Write(8, 8), new byte[4096]),
                rig.SubmitAsync(Cdb.Write(1, 1), new byte[512]),
                rig.SubmitAsync(Cdb.Write(16, 8), new byte[4096]),
                rig.SubmitAsync(Cdb.Read(0, 8), 4096),
            ];
            rig.Device.Unplug();

            await UntilAsync(() => store.Begun == 2);
            Assert.Equal(2, rig.Disk.Counters.InFlight);
            store.Release(1);
            await UntilAsync(() => rig.Disk.Counters.InFlight == 1);
            Assert.Equal(2, store.Begun);
            store.Release(1);
            await UntilAsync(() => store.Begun == 3);
            Assert.Equal(1, rig.Disk.Counters.InFlight);
            store.Release(1);
            await UntilAsync(() => store.Begun == 5);
            foreach (var task in tasks[..3]) Rig.Good(await task);
            Assert.False(tasks[3].IsCompleted);
            Assert.False(tasks[4].IsCompleted);
            store.Release(2);
            foreach (var task in tasks[3..]) Rig.Good(await task);
        }

        Assert.Null(store.Violation);
        Assert.Equal(2, store.MostRunning);
    }

    [Theory]
    [InlineData(IoEngineChoice.IoUring)]
    [InlineData(IoEngineChoice.Workers)]
    public async Task Writes_of_parts_of_a_block_leave_their_neighbours_alone(IoEngineChoice engine)
    {
        using var file = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(new FileBackstore(file.Path, Size, 4096), engine);

        // Eight submitters, each with every eighth sector: each block of the file has all of them as neighbours.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(lane => Task.Run(async () =>
        {
            var random = new Random(lane);
            var mine = new byte[16][];
            for (var round = 0; round < 60; round++)
            {
                var place = random.Next(mine.Length);
                var sector = (place * 8) + lane;
                if (mine[place] is { } expected && random.Next(2) == 0)
                {
                    Assert.Equal(expected, await rig.ReadAsync(sector, 1));
                    continue;
                }

                var data = new byte[512];
                random.NextBytes(data);
                await rig.WriteAsync(sector, data);
                mine[place] = data;
            }

            for (var place = 0; place < mine.Length; place++)
                Assert.Equal(mine[place] ?? new byte[512], await rig.ReadAsync((place * 8) + lane, 1));
        })));
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        var patience = DateTime.UtcNow + Rig.Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < patience, "what was waited for has not happened");
            await Task.Delay(1);
        }
    }
}

using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Several submitters at once, each with a part of the disk of its own that it verifies.</summary>
public sealed class LoadTests
{
    private const int Lanes = 6;
    private const int LaneBlocks = 1024;
    private const int Size = Lanes * LaneBlocks * 512;

    [Theory]
    [InlineData(IoEngineChoice.IoUring)]
    [InlineData(IoEngineChoice.Workers)]
    public async Task Every_submitter_reads_what_it_wrote(IoEngineChoice engine)
    {
        using var file = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(new FileBackstore(file.Path, Size, 4096), engine);
        await LoadAsync(rig.Device, commands: 300);
        Assert.Equal(0, rig.Disk.Counters.Errors);
        Assert.Equal(0, rig.Disk.Counters.InFlight);
    }

    [Fact]
    public async Task Every_submitter_does_so_while_the_disk_is_held_and_released()
    {
        var store = new AsyncStore(Size) { BusyEvery = 7 };
        await using (var rig = await Rig.StartAsync(store))
        {
            var load = LoadAsync(rig.Device, commands: 300);
            var holds = 0;
            while (!load.IsCompleted)
            {
                await using (await rig.Disk.HoldAsync(CancellationToken.None).WaitAsync(Rig.Patience))
                {
                    holds++;
                    var begun = store.Begun;
                    Assert.Equal(0, rig.Disk.Counters.InFlight);
                    await Task.Delay(2);
                    Assert.Equal(begun, store.Begun);
                }

                await Task.Delay(2);
            }

            await load;
            Assert.True(holds > 3);
        }

        Assert.Null(store.Violation);
    }

    [Fact]
    public async Task No_command_is_lost_when_the_disk_is_stopped_and_served_anew()
    {
        using var device = new ModelDevice();
        using var file = new ImageFixture(Size);
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 2 });
        Task? load = null;
        var sessions = 0;
        do
        {
            var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), new FileBackstore(file.Path, Size, 4096));
            load ??= LoadAsync(device, commands: 400);
            sessions++;
            await Task.WhenAny(load, Task.Delay(10));
            if (load.IsCompleted) await load;
            await disk.StopAsync().WaitAsync(Rig.Patience);
            Assert.Null(disk.Fault);
            Assert.Equal(0, disk.Counters.InFlight);
        }
        while (!load.IsCompleted);

        await load;
        Assert.True(sessions > 2);
    }

    /// <summary>Mixed commands from every lane; ends when each has read back what it expects.</summary>
    /// <param name="device">The device.</param>
    /// <param name="commands">How many each lane sends.</param>
    /// <param name="pieces">Blocks that the length of a long command is a multiple of.</param>
    internal static Task LoadAsync(ModelDevice device, int commands, int pieces = 1) => Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Run(async () =>
    {
        var random = new Random(lane);
        var model = new byte[LaneBlocks * 512];
        var first = lane * LaneBlocks;
        for (var i = 0; i < commands; i++)
        {
            var count = random.Next(3) == 0 ? random.Next(1, 256 / pieces) * pieces : random.Next(1, 9);
            var block = random.Next(LaneBlocks - count);
            var place = model.AsMemory(block * 512, count * 512);
            switch (random.Next(6))
            {
                case 0 or 1:
                    var data = new byte[place.Length];
                    random.NextBytes(data);
                    Rig.Good(await device.SubmitAsync(Cdb.Write(first + block, count), data).WaitAsync(Rig.Patience));
                    data.CopyTo(place);
                    break;
                case 2:
                    Rig.Good(await device.SubmitAsync(Cdb.WriteSame(first + block, count, true, noDataOut: true)).WaitAsync(Rig.Patience));
                    place.Span.Clear();
                    break;
                case 3:
                    Rig.Good(await device.SubmitAsync(Cdb.SynchronizeCache()).WaitAsync(Rig.Patience));
                    break;
                default:
                    var read = await device.SubmitAsync(Cdb.Read(first + block, count), place.Length).WaitAsync(Rig.Patience);
                    Rig.Good(read);
                    Assert.True(place.Span.SequenceEqual(read.Data), $"lane {lane}, command {i}");
                    break;
            }
        }
    })));
}

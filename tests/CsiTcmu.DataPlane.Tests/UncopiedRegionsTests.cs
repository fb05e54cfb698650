using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>What a copy still needs is not written before it is copied.</summary>
public sealed class UncopiedRegionsTests
{
    private const int Region = 64 << 10;
    private const int Regions = 64;
    private const int Size = Regions * Region;
    private const int BlocksPerRegion = Region / 512;

    [Fact]
    public void All_is_uncopied_at_first_and_only_whole_regions_become_copied()
    {
        var regions = new UncopiedRegions((200L * Region) + 512);
        Assert.True(regions.TryNext(out var offset, out var length));
        Assert.Equal((0, (200L * Region) + 512), (offset, length));
        regions.Copied(Region - 1, (3L * Region) + 1);
        Assert.False(regions.Holds(Region, 3 * Region));
        Assert.True(regions.Holds(Region - 1, 1));
        Assert.True(regions.Holds((4L * Region) - 1, 2));
        Assert.False(regions.Holds(300L * Region, 1));
        Assert.False(regions.Holds(0, 0));
        regions.Copied(0, Region);
        Assert.True(regions.TryNext(out offset, out length));
        Assert.Equal((4L * Region, (196L * Region) + 512), (offset, length));
        regions.Copied(4L * Region, (196L * Region) + 512);
        Assert.False(regions.TryNext(out _, out _));
        Assert.False(regions.Holds(0, long.MaxValue));
    }

    [Fact]
    public void What_is_wanted_comes_first()
    {
        var regions = new UncopiedRegions(Size);
        Assert.True(regions.Holds(10 * Region, 2 * Region));
        Assert.True(regions.TryNext(out var offset, out var length));
        Assert.Equal((10L * Region, Size - (10L * Region)), (offset, length));
        regions.Copied(offset, Region);
        Assert.True(regions.TryNext(out offset, out length));
        Assert.Equal((0L, 10L * Region), (offset, length));
        Assert.True(regions.Holds(10 * Region, 2 * Region));
        Assert.True(regions.TryNext(out offset, out _));
        Assert.Equal(11L * Region, offset);
        Assert.Equal(2, regions.Wanted);
    }

    [Fact]
    public void Pieces_of_any_length_in_any_order_leave_what_is_not_copied()
    {
        const int Count = 1000;
        var random = new Random(9);
        for (var round = 0; round < 200; round++)
        {
            var regions = new UncopiedRegions(Count * (long)Region);
            var left = Enumerable.Range(0, Count).ToHashSet();
            while (regions.TryNext(out var offset, out var length))
            {
                var (start, end) = ((int)(offset / Region), (int)((offset + length) / Region));
                Assert.True(Enumerable.Range(start, end - start).All(left.Contains) && !left.Contains(end), $"round {round}: {start} to {end} is not what is left there");
                var copied = random.Next(1, Math.Min(200, end - start) + 1);
                left.RemoveWhere(region => region >= start && region < start + copied);
                regions.Copied(offset, copied * (long)Region);
                if (random.Next(3) > 0) continue;
                var (wanted, many) = (random.Next(Count), random.Next(1, 100));
                Assert.Equal(Enumerable.Range(wanted, many).Any(left.Contains), regions.Holds(wanted * (long)Region, many * (long)Region));
            }

            Assert.Empty(left);
        }
    }

    [Fact]
    public void A_map_of_the_largest_disk_is_small()
    {
        var regions = new UncopiedRegions(1L << 60);
        Assert.Equal(1L << 38, regions.RegionSize);
        regions.Copied(0, (1L << 60) - 1);
        Assert.True(regions.TryNext(out var offset, out var length));
        Assert.Equal(((1L << 60) - (1L << 38), 1L << 38), (offset, length));
    }

    public static TheoryData<string> Writes => ["write", "write and verify", "same", "zeroes", "compare and write", "unmap"];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Every_kind_of_write_waits_for_its_regions_and_is_then_done(string kind)
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        var regions = new UncopiedRegions(Size);
        regions.Copied(0, 5L * Region);
        await rig.Disk.ProtectAsync(regions);

        // The block before the edge is copied, the one behind it is not.
        await rig.WriteAsync((5 * BlocksPerRegion) - 1, new byte[512]);
        var write = WriteAsync(rig, kind, (5 * BlocksPerRegion) - 1, 2);
        var behind = rig.SubmitAsync(Cdb.Read(0, 1), 512);
        await WantedAsync(regions);
        await Task.Delay(20);
        Assert.False(write.IsCompleted);
        Assert.False(behind.IsCompleted);

        regions.Copied(5L * Region, kind == "unmap" ? Size : Region);
        Rig.Good(await write);
        Rig.Good(await behind);
    }

    [Fact]
    public async Task What_is_not_written_does_not_wait()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        var regions = new UncopiedRegions(Size);
        await rig.Disk.ProtectAsync(regions);
        await rig.ReadAsync(0, 8);
        Rig.Good(await rig.SubmitAsync(Cdb.SynchronizeCache()));
        Assert.Equal(0, regions.Wanted);
    }

    [Fact]
    public async Task A_write_goes_on_when_the_copy_is_given_up_and_when_the_disk_is_stopped_meanwhile()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        var regions = new UncopiedRegions(Size);
        await rig.Disk.ProtectAsync(regions);
        var write = rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]);
        await WantedAsync(regions);
        var stop = rig.Disk.StopAsync();
        await Task.Delay(20);
        Assert.False(write.IsCompleted);
        await rig.Disk.ProtectAsync(null);
        Rig.Good(await write);
        await stop.WaitAsync(Rig.Patience);
    }

    [Theory]
    [MemberData(nameof(Rig.Engines), MemberType = typeof(Rig))]
    public async Task A_copy_beside_writers_is_the_disk_of_its_instant(IoEngineChoice engine)
    {
        const int Writers = 8;
        const int Copies = 20;
        using var image = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(new FileBackstore(image.Path, Size), engine);
        using var end = new CancellationTokenSource();

        // Every write puts the next number into a block of the writer's own, so that the disk is the numbers that were written.
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            for (var number = 1; !end.IsCancellationRequested; number++)
            {
                var data = new byte[512];
                BitConverter.TryWriteBytes(data, number);
                await rig.WriteAsync((random.Next(Regions) * BlocksPerRegion) + writer, data);
            }
        })).ToArray();
        for (var round = 0; round < Copies; round++)
        {
            var regions = new UncopiedRegions(Size);
            byte[] then;
            await using (await rig.Disk.HoldAsync(CancellationToken.None))
            {
                then = await File.ReadAllBytesAsync(image.Path);
                await rig.Disk.ProtectAsync(regions);
            }

            var copy = new byte[Size];
            using (var file = File.OpenHandle(image.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            {
                while (regions.TryNext(out var offset, out _))
                {
                    RandomAccess.Read(file, copy.AsSpan((int)offset, Region), offset);
                    regions.Copied(offset, Region);
                }
            }

            await rig.Disk.ProtectAsync(null);
            Assert.True(then.AsSpan().SequenceEqual(copy), $"copy {round} is not the disk of its instant");
        }

        await end.CancelAsync();
        await Task.WhenAll(writers);
    }

    private static Task WantedAsync(UncopiedRegions regions) => GateTests.UntilAsync(() => regions.TryNext(out _, out _) && regions.Wanted > 0);

    private static Task<ModelCompletion> WriteAsync(Rig rig, string kind, int block, byte blocks) => kind switch
    {
        "write" => rig.SubmitAsync(Cdb.Write(block, blocks), new byte[blocks * 512]),
        "write and verify" => rig.SubmitAsync(Cdb.WriteAndVerify(block, blocks), new byte[blocks * 512]),
        "same" => rig.SubmitAsync(Cdb.WriteSame(block, blocks), [.. Enumerable.Repeat((byte)7, 512)]),
        "zeroes" => rig.SubmitAsync(Cdb.WriteSame(block, blocks), new byte[512]),
        "compare and write" => rig.SubmitAsync(Cdb.CompareAndWrite(block, blocks), new byte[2 * blocks * 512]),
        _ => rig.SubmitAsync(Cdb.Unmap(24), Cdb.UnmapList((block, blocks))),
    };
}

using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>What is noted of what is written.</summary>
public sealed class WrittenRegionsTests
{
    private const int Region = 64 << 10;
    private const int Size = 64 * Region;
    private const int BlocksPerRegion = Region / 512;

    [Fact]
    public void Ranges_are_whole_regions_neighbours_are_one_and_the_end_is_the_disks()
    {
        var regions = new WrittenRegions((200L * Region) + 512);
        Assert.Empty(regions.Ranges());
        regions.Mark(Region - 1, 2);
        regions.Mark(63L * Region, 2 * Region);
        regions.Mark(200L * Region, 10 * Region);
        regions.Mark(300L * Region, 1);
        regions.Mark(5L * Region, 0);
        Assert.Equal([(0, 2 * Region), (63L * Region, 2 * Region), (200L * Region, 512)], regions.Ranges());
        Assert.Equal(5, regions.Count);
    }

    [Fact]
    public void A_map_of_the_largest_disk_is_small()
    {
        var regions = new WrittenRegions(1L << 60);
        Assert.Equal(1L << 38, regions.RegionSize);
        regions.Mark((1L << 60) - 1, 1);
        Assert.Equal([((1L << 60) - (1L << 38), 1L << 38)], regions.Ranges());
    }

    [Fact]
    public async Task Every_kind_of_write_is_noted_and_nothing_else()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        await rig.WriteAsync(0, new byte[512]);
        var regions = new WrittenRegions(Size);
        await rig.Disk.TrackWritesAsync(regions);
        await rig.ReadAsync(10 * BlocksPerRegion, 1);
        await rig.WriteAsync(BlocksPerRegion - 1, new byte[1024]);
        Rig.Good(await rig.SubmitAsync(Cdb.WriteSame(4 * BlocksPerRegion, 1), new byte[512]));
        Rig.Good(await rig.SubmitAsync(Cdb.CompareAndWrite(6 * BlocksPerRegion, 1), new byte[1024]));
        Rig.Good(await rig.SubmitAsync(Cdb.Unmap(40), Cdb.UnmapList((20 * BlocksPerRegion, 1), (22 * BlocksPerRegion, 1))));
        var second = new WrittenRegions(Size);
        await rig.Disk.TrackWritesAsync(second);
        await rig.WriteAsync(8 * BlocksPerRegion, new byte[512]);
        await rig.Disk.TrackWritesAsync(null);
        await rig.WriteAsync(12 * BlocksPerRegion, new byte[512]);
        Assert.Equal([(0L, 2L * Region), (4L * Region, Region), (6L * Region, Region), (20L * Region, Region), (22L * Region, Region)], regions.Ranges());
        Assert.Equal([(8L * Region, Region)], second.Ranges());
    }

    [Fact]
    public async Task A_write_is_noted_in_the_map_of_its_end()
    {
        var store = new AsyncStore(Size, held: true);
        await using var rig = await Rig.StartAsync(store, IoEngineChoice.IoUring);
        var (first, second) = (new WrittenRegions(Size), new WrittenRegions(Size));
        await rig.Disk.TrackWritesAsync(first);
        var write = rig.SubmitAsync(Cdb.Write(0, 1), new byte[512]);
        await GateTests.UntilAsync(() => store.Begun == 1);
        await rig.Disk.TrackWritesAsync(second);
        store.Release(1);
        Rig.Good(await write);
        Assert.Equal(0, first.Count);
        Assert.Equal(1, second.Count);
    }
}

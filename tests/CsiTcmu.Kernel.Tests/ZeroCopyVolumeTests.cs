using CsiTcmu.DataPlane;
using CsiTcmu.Tcmu;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests;

/// <summary>Volumes whose commands are mapped by our target_core_user; <c>tests/zero-copy/volumes</c> puts it in the place of the kernel's own.</summary>
public sealed class ZeroCopyVolumeTests : IAsyncLifetime
{
    private const long Mebibyte = 1L << 20;
    private readonly VolumeNode _node = new();

    public async ValueTask InitializeAsync() => await _node.StartAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact(Explicit = true)]
    public async Task What_is_written_is_read_whichever_way_it_went_by_each_process_and_past_the_page_cache_too()
    {
        Assert.Null(ZeroCopyProbe.FindObstacle());
        _node.AssertNothingIsLeft();
        var disk = await StageAsync("mapped", "required");
        Assert.Equal((1, 1), _node.Disks.ZeroCopyUse);
        Verify(disk);
        AssertBothWays();
        Assert.Equal(Counters.Mapped, Kernel("mapped"));
        Assert.True(Kernel("touched") > 0);
        Assert.Equal(0, Kernel("pages_used"));

        // The next process finds mapped commands on the ring.
        var writing = Task.Run(() => Verify(disk));
        await Task.Delay(300);
        await _node.StopAsync();
        await _node.StartAsync();
        await writing;
        Verify(disk);
        AssertBothWays();

        // The one after it does not want zero copy: the device has its area still, and the image goes past the page cache.
        await _node.StopAsync();
        var descriptor = _node.Pool + "/volumes/mapped/volume.json";
        await File.WriteAllTextAsync(descriptor, (await File.ReadAllTextAsync(descriptor)).Replace("required", "off", StringComparison.Ordinal));
        await _node.StartAsync();
        Assert.Equal((1, 1), _node.Disks.ZeroCopyUse);
        Verify(disk);
        AssertBothWays();
        Assert.Equal(0, Counters.Errors);
        await UnstageAsync("mapped");
    }

    [Fact(Explicit = true)]
    public async Task An_image_with_direct_io_has_no_area_unless_it_is_required()
    {
        await StageAsync("easy", "auto");
        Assert.Equal((1, 0), _node.Disks.ZeroCopyUse);
        Assert.False(File.Exists("/sys/kernel/config/target/core/user_4711/easy/attrib/zc_stats") && Kernel("mapped", "easy") > 0);
        await StageAsync("strict", "required");
        Assert.Equal((2, 1), _node.Disks.ZeroCopyUse);
        await UnstageAsync("strict", isLast: false);
        await UnstageAsync("easy");
    }

    private DiskCounters Counters => _node.Disks.Counters["mapped"];

    private static long Kernel(string counter, string id = "mapped") => long.Parse(
        File.ReadLines($"/sys/kernel/config/target/core/user_4711/{id}/attrib/zc_stats").Single(line => line.StartsWith(counter + " ", StringComparison.Ordinal)).Split(' ')[1]);

    private static void Verify(string disk)
    {
        foreach (var size in new[] { "4k", "64k", "1m" })
        {
            VolumeNode.Run(
                "fio", "--name=verified", "--filename=" + disk, "--ioengine=libaio", "--direct=1", "--iodepth=8", "--rw=randwrite", "--bs=" + size, "--size=16m",
                "--verify=crc32c", "--verify_fatal=1", "--thread", "--output-format=terse");
        }
    }

    private void AssertBothWays() => Assert.True(Counters is { Mapped: > 0, Copied: > 0, Errors: 0 }, $"{Counters}");

    private async Task<string> StageAsync(string id, string zeroCopy)
    {
        await _node.CreateAsync(id, 64 * Mebibyte, block: true, parameters: [("zeroCopy", zeroCopy)]);
        await _node.Volumes.StageAsync(id, _node.Make(id), new VolumeUse { Block = true }, CancellationToken.None);
        return _node.Disks.Find(id)!.Path;
    }

    private async Task UnstageAsync(string id, bool isLast = true)
    {
        await _node.Volumes.UnstageAsync(id, $"{_node.Folder}/{id}", CancellationToken.None);
        if (isLast) _node.AssertNothingIsLeft();
    }
}

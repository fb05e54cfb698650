using CsiTcmu.Tcmu;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>Volumes whose commands are mapped, over the lives of several processes.</summary>
[Trait("Length", "longest")]
public sealed class ZeroCopyVolumeTests : ZeroCopyTest
{
    [Fact]
    public async Task What_is_written_is_read_whichever_way_it_went_by_each_process_and_past_the_page_cache_too()
    {
        Assert.Null(ZeroCopyProbe.FindObstacle());
        Node.AssertNothingIsLeft();
        var disk = await StageAsync("mapped");
        Assert.Equal((1, 1), Node.Disks.ZeroCopyUse);
        VerifyAll(disk);
        AssertBothWays();
        AssertCountsAgree("mapped");

        // The next process finds mapped commands on the ring.
        var writing = Task.Run(() => VerifyAll(disk));
        await Task.Delay(300);
        await Node.StopAsync();
        await Node.StartAsync();
        await writing;
        AssertBothWays();

        // The one after it does not want zero copy: the device has its area still, and the image goes past the page cache.
        await Node.StopAsync();
        var descriptor = Node.Pool + "/volumes/mapped/volume.json";
        await File.WriteAllTextAsync(descriptor, (await File.ReadAllTextAsync(descriptor)).Replace("required", "off", StringComparison.Ordinal));
        await Node.StartAsync();
        Assert.Equal((1, 1), Node.Disks.ZeroCopyUse);
        VerifyAll(disk);
        AssertBothWays();
        Assert.Equal(0, ZeroCopyStatistics.Read("mapped").PagesUsed);
        await UnstageAsync("mapped");
    }

    [Fact]
    public async Task An_image_with_direct_io_has_no_area_unless_it_is_required()
    {
        await StageAsync("easy", "auto");
        Assert.Equal((1, 0), Node.Disks.ZeroCopyUse);
        Assert.Equal(default, ZeroCopyStatistics.Read("easy"));
        await StageAsync("strict");
        Assert.Equal((2, 1), Node.Disks.ZeroCopyUse);
        await UnstageAsync("strict", "easy");
    }

    private static void VerifyAll(string disk)
    {
        foreach (var (block, all) in new[] { ("4k", "1m"), ("64k", "4m"), ("1m", "16m") })
            Verify("--name=raw", "--filename=" + disk, "--bs=" + block, "--size=" + all);
    }

    private void AssertBothWays() => Assert.True(Driver("mapped") is { Mapped: > 0, Copied: > 0, Errors: 0 }, $"{Driver("mapped")}");
}

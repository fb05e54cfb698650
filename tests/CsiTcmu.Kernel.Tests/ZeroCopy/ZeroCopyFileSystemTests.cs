namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>File systems on volumes whose commands are mapped.</summary>
public sealed class ZeroCopyFileSystemTests : ZeroCopyTest
{
    [Fact]
    public async Task Ext4_and_xfs_at_once_are_right_through_the_page_cache_and_past_it_aligned_and_not()
    {
        var ext4 = await StageAsync("first", fileSystem: "ext4", mebibytes: 128);
        var xfs = await StageAsync("second", fileSystem: "xfs", mebibytes: 320);
        Verify(
        [
            "--bsrange=4k-512k",
            .. Job("ext4-direct", ext4, "--size=12m"),
            .. Job("ext4-buffered", ext4, "--size=24m", "--direct=0", "--end_fsync=1"),
            .. Job("xfs-aligned", xfs, "--size=24m", "--bsrange=4k-1m"),
            .. Job("xfs-unaligned", xfs, "--size=12m", "--mem_align=512"),
        ]);
        foreach (var id in new[] { "first", "second" })
        {
            AssertCountsAgree(id);
            Assert.True(ZeroCopyStatistics.Read(id) is { Mapped: > 20, CopiedSmall: > 20 }, $"{ZeroCopyStatistics.Read(id)}");
        }

        Assert.True(ZeroCopyStatistics.Read("second").CopiedIneligible > 0);
        await UnstageAsync("first", "second");
        VolumeNode.Run("e2fsck", "-fn", Node.Pool + "/volumes/first/image");
        VolumeNode.Run("xfs_repair", "-n", Node.Pool + "/volumes/second/image");
    }

    private static string[] Job(string name, string folder, params string[] options) => ["--name=" + name, $"--filename={folder}/{name}", .. options];
}

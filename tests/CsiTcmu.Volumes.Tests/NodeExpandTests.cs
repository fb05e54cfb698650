using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class NodeExpandTests : NodeTest
{
    // Growing ext4 while it is mounted needs CAP_SYS_RESOURCE, which containers lack; the kernel tests do that.
    [Theory]
    [InlineData("xfs", true)]
    [InlineData("xfs", false)]
    [InlineData("btrfs", true)]
    [InlineData("btrfs", false)]
    public async Task A_mounted_file_system_grows_through_any_of_its_paths(string fileSystem, bool fromTarget)
    {
        await CreateAsync("a", fileSystem);
        await StageAsync();
        await PublishAsync(readOnly: true);
        var before = await StatisticsAsync(Target);
        await Catalogue.ExpandAsync("a", new SizeRange(640 * Mebibyte, 0), CancellationToken.None);
        for (var i = 0; i < 2; i++)
            Assert.Equal(640 * Mebibyte, await Node.ExpandAsync("a", fromTarget ? Target : Staging, new SizeRange(640 * Mebibyte, 0), VolumeSecrets.None, CancellationToken.None));
        Assert.InRange((await StatisticsAsync(Target)).TotalBytes, before.TotalBytes + (300 * Mebibyte), 640 * Mebibyte);
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task The_smallest_file_system_grows_by_a_little(string fileSystem)
    {
        var volume = await Catalogue.CreateAsync(Of("a", 1, fileSystem: fileSystem), CancellationToken.None);
        await StageAsync();
        var before = await StatisticsAsync(Staging);
        await Catalogue.ExpandAsync("a", new SizeRange(volume.Size + (16 * Mebibyte), 0), CancellationToken.None);
        await Node.ExpandAsync("a", Staging, default, VolumeSecrets.None, CancellationToken.None);
        Assert.InRange((await StatisticsAsync(Staging)).TotalBytes, before.TotalBytes + (8 * Mebibyte), before.TotalBytes + (16 * Mebibyte));
    }

    [Fact]
    public async Task A_raw_volume_has_its_size_at_once()
    {
        await CreateAsync("a", block: true);
        await StageAsync(use: Block);
        await PublishAsync(use: Block);
        await Catalogue.ExpandAsync("a", new SizeRange(128 * Mebibyte, 0), CancellationToken.None);
        Assert.Equal(128 * Mebibyte, await Node.ExpandAsync("a", Target, default, VolumeSecrets.None, CancellationToken.None));
        Assert.Equal(128 * Mebibyte, await Node.ExpandAsync("a", Staging, default, VolumeSecrets.None, CancellationToken.None));
        Assert.Equal(new VolumeStatistics(128 * Mebibyte, 0, 0, 0, 0, 0, Block: true), await StatisticsAsync(Target));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await CreateAsync("a");
        await CreateAsync("b");
        await FailsAsync(VolumeError.NotFound, () => StatisticsAsync(Staging));
        await StageAsync();
        await PublishAsync();
        foreach (var (id, path) in new[] { ("a", Folder), ("a", "/absent"), ("a", "relative"), ("a", Target + "/.."), ("b", Target), ("unknown", Target), ("../a", Target), ("a\0", Target) })
        {
            await FailsAsync(VolumeError.NotFound, () => StatisticsAsync(path, id));
            await FailsAsync(VolumeError.NotFound, () => Node.ExpandAsync(id, path, default, VolumeSecrets.None, CancellationToken.None));
        }
    }

    [Fact]
    public async Task A_size_that_the_volume_does_not_have_is_out_of_range()
    {
        await CreateAsync("a");
        await StageAsync();
        await FailsAsync(VolumeError.OutOfRange, () => Node.ExpandAsync("a", Staging, new SizeRange(128 * Mebibyte, 0), VolumeSecrets.None, CancellationToken.None));
        await FailsAsync(VolumeError.OutOfRange, () => Node.ExpandAsync("a", Staging, new SizeRange(-1, 0), VolumeSecrets.None, CancellationToken.None));
        await FailsAsync(VolumeError.OutOfRange, () => Node.ExpandAsync("a", Staging, new SizeRange(1, 32 * Mebibyte), VolumeSecrets.None, CancellationToken.None));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task Statistics_add_up(string fileSystem)
    {
        await CreateAsync("a", fileSystem);
        await StageAsync();
        var before = await StatisticsAsync(Staging);
        await File.WriteAllBytesAsync(Staging + "/file", new byte[8 * Mebibyte]);
        Assert.Equal(0, CsiTcmu.Linux.Syscalls.Status(Staging + "/file", out _));
        using (var file = File.OpenHandle(Staging + "/file", FileMode.Open, FileAccess.ReadWrite)) RandomAccess.FlushToDisk(file);
        var after = await StatisticsAsync(Staging);
        Assert.False(after.Block);
        Assert.Equal(before.TotalBytes, after.TotalBytes);
        Assert.True(after.UsedBytes >= before.UsedBytes + (8 * Mebibyte), $"{before} {after}");
        Assert.True(after.AvailableBytes <= before.AvailableBytes - (8 * Mebibyte), $"{before} {after}");
        Assert.Equal(after.TotalInodes - after.AvailableInodes, after.UsedInodes);
        Assert.True(after.UsedInodes > before.UsedInodes);
    }

    private Task<VolumeStatistics> StatisticsAsync(string path, string id = "a") => Node.GetStatisticsAsync(id, path, CancellationToken.None);
}

using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class ExpandTests : CatalogueTest
{
    [Fact]
    public async Task A_volume_grows_and_its_disk_is_told()
    {
        await CreateAsync(Of("a"));
        var grown = await ExpandAsync("a", (100 * Mebibyte) + 1);
        Assert.Equal(101 * Mebibyte, grown.Size);
        Assert.Equal(101 * Mebibyte, new FileInfo(Volumes + "/a/image").Length);
        Assert.Equal(["grow a " + (101 * Mebibyte)], Disks.Calls);
        Restart();
        Assert.Equal(101 * Mebibyte, (await GetAsync("a")).Size);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(64L << 20, 64L << 20)]
    public async Task A_size_that_it_has_is_success(long required, long limit)
    {
        await CreateAsync(Of("a"));
        Assert.Equal(64 * Mebibyte, (await ExpandAsync("a", required, limit)).Size);
        Assert.Equal(64 * Mebibyte, new FileInfo(Volumes + "/a/image").Length);
    }

    [Theory]
    [InlineData(-1, 0, VolumeError.OutOfRange)]
    [InlineData(1, 32L << 20, VolumeError.OutOfRange)]
    [InlineData(long.MaxValue, 0, VolumeError.OutOfRange)]
    [InlineData((64L << 20) + 1, (64L << 20) + 2, VolumeError.OutOfRange)]
    [InlineData(2L << 30, 0, VolumeError.Exhausted)]
    public async Task A_size_that_cannot_be_changes_nothing(long required, long limit, VolumeError error)
    {
        await CreateAsync(Of("a"));
        var before = State();
        await FailsAsync(error, () => ExpandAsync("a", required, limit));
        Assert.Equal(before, State());
    }
}

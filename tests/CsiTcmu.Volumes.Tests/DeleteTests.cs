using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class DeleteTests : CatalogueTest
{
    [Fact]
    public async Task A_deleted_volume_leaves_nothing()
    {
        await CreateAsync(Of("a"));
        await CreateAsync(Of("a-1"));
        await DeleteAsync("a");
        Assert.Equal([Volumes + "/a-1"], Directory.EnumerateFileSystemEntries(Volumes));
        Assert.Contains("detach a", Disks.Calls);
        await FailsAsync(VolumeError.NotFound, () => GetAsync("a"));
        await DeleteAsync("a");
    }

    [Fact]
    public async Task A_volume_in_use_stays()
    {
        await CreateAsync(Of("a"));
        Disks.Present.Add("a");
        var before = State();
        Assert.Contains("/dev/sdz", (await FailsAsync(VolumeError.FailedPrecondition, () => DeleteAsync("a"))).Message);
        Assert.Equal(before, State());
    }

    [Theory]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("../../../etc")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    [InlineData(".lock")]
    [InlineData(".deleting-a-0")]
    [InlineData("VOLUME")]
    public async Task Deleting_what_is_not_there_is_success_and_changes_nothing(string id)
    {
        await CreateAsync(Of("volume"));
        Directory.CreateDirectory(Volumes + "/VOLUME");
        var before = State();
        await DeleteAsync(id);
        await DeleteAsync(id + new string('x', 300));
        Assert.Equal(before, State());
        await FailsAsync(VolumeError.NotFound, () => GetAsync(id));
        await FailsAsync(VolumeError.NotFound, () => ExpandAsync(id, Gibibyte));
    }
}

using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>An operation that ends at any fault point is completed by its repetition, in the same process or in the next.</summary>
public sealed class CrashTests : CatalogueTest
{
    public static TheoryData<string, bool> Creating => Points(FaultPoints.CreateFolder, FaultPoints.CreateImage, FaultPoints.CreateDescriptor, FaultPoints.CreateRenamed, FaultPoints.CreateDurable);

    public static TheoryData<string, bool> Deleting => Points(FaultPoints.DeleteRenamed, FaultPoints.DeleteImage, FaultPoints.DeleteFolder);

    public static TheoryData<string, bool> Expanding => Points(FaultPoints.ExpandImage, FaultPoints.ExpandDescriptor);

    [Theory]
    [MemberData(nameof(Creating))]
    public async Task Creation_ends_right(string point, bool restart)
    {
        Assert.True(await Crash.AtAsync(point, () => CreateAsync(Of("a"))));
        if (restart) Restart();
        var volume = await CreateAsync(Of("a"));
        Assert.Equal([Volumes + "/a"], Directory.EnumerateFileSystemEntries(Volumes));
        Assert.Equal(volume.Wwid, (await CreateAsync(Of("a"))).Wwid);
        Assert.Equal(64 * Mebibyte, new FileInfo(Volumes + "/a/image").Length);
    }

    [Theory]
    [MemberData(nameof(Creating))]
    public async Task Creation_that_nobody_repeats_leaves_a_volume_or_nothing(string point, bool restart)
    {
        Assert.True(await Crash.AtAsync(point, () => CreateAsync(Of("a"))));
        if (restart) Restart();
        await DeleteAsync("a");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Volumes));
    }

    [Theory]
    [MemberData(nameof(Creating))]
    public async Task Creation_that_ended_half_way_can_be_followed_by_another_wish(string point, bool restart)
    {
        Assert.True(await Crash.AtAsync(point, () => CreateAsync(Of("a"))));
        if (restart) Restart();
        if (Directory.Exists(Volumes + "/a")) await DeleteAsync("a");
        Assert.Equal(32 * Mebibyte, (await CreateAsync(Of("a", 32 * Mebibyte))).Size);
        Assert.Equal(32 * Mebibyte, new FileInfo(Volumes + "/a/image").Length);
    }

    [Theory]
    [MemberData(nameof(Deleting))]
    public async Task Deletion_ends_right(string point, bool restart)
    {
        await CreateAsync(Of("a"));
        await CreateAsync(Of("a-0"));
        Assert.True(await Crash.AtAsync(point, () => DeleteAsync("a")));
        if (restart) Restart();
        await FailsAsync(VolumeError.NotFound, () => GetAsync("a"));
        await DeleteAsync("a");
        Assert.Equal([Volumes + "/a-0"], Directory.EnumerateFileSystemEntries(Volumes));
    }

    [Theory]
    [MemberData(nameof(Deleting))]
    public async Task A_volume_can_be_made_again_while_its_predecessor_is_not_wholly_gone(string point, bool restart)
    {
        var first = await CreateAsync(Of("a"));
        Assert.True(await Crash.AtAsync(point, () => DeleteAsync("a")));
        if (restart) Restart();
        Assert.NotEqual(first.Wwid, (await CreateAsync(Of("a"))).Wwid);
        Assert.Equal([Volumes + "/a"], Directory.EnumerateFileSystemEntries(Volumes));
    }

    [Theory]
    [MemberData(nameof(Expanding))]
    public async Task Expansion_ends_right(string point, bool restart)
    {
        await CreateAsync(Of("a"));
        Assert.True(await Crash.AtAsync(point, () => ExpandAsync("a", 128 * Mebibyte)));
        if (restart) Restart();
        Assert.True(new FileInfo(Volumes + "/a/image").Length >= (await GetAsync("a")).Size);
        Assert.Equal(128 * Mebibyte, (await ExpandAsync("a", 128 * Mebibyte)).Size);
        Assert.Equal(128 * Mebibyte, new FileInfo(Volumes + "/a/image").Length);
        Assert.Contains($"grow a {128 * Mebibyte}", Disks.Calls);
    }

    [Fact]
    public async Task A_crash_gives_reserved_room_back()
    {
        var before = await AvailableAsync();
        Assert.True(await Crash.AtAsync(FaultPoints.CreateImage, () => CreateAsync(Of("a", 600 * Mebibyte))));
        Restart();
        Assert.Equal(before, await AvailableAsync());
    }

    private static TheoryData<string, bool> Points(params string[] points)
    {
        var data = new TheoryData<string, bool>();
        foreach (var point in points)
        {
            data.Add(point, false);
            data.Add(point, true);
        }

        return data;
    }
}

using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>Snapshots, groups and copies that end at any fault point are completed by their repetition, in the same process or in the next.</summary>
public sealed class SnapshotCrashTests : IDisposable
{
    private readonly PoolFileSystem _pool = new("xfs");

    public static TheoryData<string, bool> Taking => Points(
        FaultPoints.SnapshotFolder, FaultPoints.SnapshotHeld, FaultPoints.SnapshotImage, FaultPoints.SnapshotDescriptor, FaultPoints.SnapshotRenamed, FaultPoints.SnapshotDurable);

    public static TheoryData<string, bool> Dropping => Points(FaultPoints.DropRenamed, FaultPoints.DropImage, FaultPoints.DropFolder);

    public static TheoryData<string, bool> Copying => Points(
        FaultPoints.CopyFolder, FaultPoints.CopyHeld, FaultPoints.CopyImage, FaultPoints.CopyDescriptor, FaultPoints.CopyRenamed, FaultPoints.CopyDurable);

    public static TheoryData<string, bool> Grouping => Points(
        FaultPoints.GroupFolder, FaultPoints.GroupHeld, FaultPoints.GroupImage, FaultPoints.GroupDescriptor, FaultPoints.GroupRenamed, FaultPoints.GroupDurable, FaultPoints.GroupRecorded);

    public static TheoryData<string, bool> Ungrouping => Points(FaultPoints.UngroupRecord, FaultPoints.UngroupMember, FaultPoints.DropRenamed, FaultPoints.DropFolder);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Taking))]
    public async Task Snapshot_ends_right(string point, bool restart)
    {
        await MakeAsync("a");
        Assert.True(await Crash.AtAsync(point, () => _pool.SnapshotAsync("s")));
        if (restart) _pool.Restart();
        await _pool.SnapshotAsync("s");
        Assert.Equal(await File.ReadAllBytesAsync(_pool.Image("a")), await File.ReadAllBytesAsync(_pool.SnapshotImage("s")));
        Assert.Equal([_pool.Folder + "/snapshots/s"], Directory.EnumerateFileSystemEntries(_pool.Folder + "/snapshots"));
    }

    [Theory]
    [MemberData(nameof(Taking))]
    public async Task Snapshot_that_nobody_repeats_is_there_or_not(string point, bool restart)
    {
        await MakeAsync("a");
        var before = _pool.State();
        Assert.True(await Crash.AtAsync(point, () => _pool.SnapshotAsync("s")));
        if (restart) _pool.Restart();
        await _pool.Catalogue.DeleteSnapshotAsync("s", CancellationToken.None);
        Assert.Equal(before, _pool.State());
        Assert.Equal(_pool.Disks.Calls.Count(call => call == "hold a"), _pool.Disks.Calls.Count(call => call == "release a"));
    }

    [Theory]
    [MemberData(nameof(Dropping))]
    public async Task Deletion_ends_right(string point, bool restart)
    {
        await MakeAsync("a");
        var before = _pool.State();
        await _pool.SnapshotAsync("s");
        Assert.True(await Crash.AtAsync(point, () => _pool.Catalogue.DeleteSnapshotAsync("s", CancellationToken.None)));
        if (restart) _pool.Restart();
        await FailsAsync(VolumeError.NotFound, () => _pool.Catalogue.GetSnapshotAsync("s", CancellationToken.None));
        await _pool.Catalogue.DeleteSnapshotAsync("s", CancellationToken.None);
        Assert.Equal(before, _pool.State());
    }

    [Theory]
    [MemberData(nameof(Copying))]
    public async Task Copy_ends_right(string point, bool restart)
    {
        await MakeAsync("a");
        Assert.True(await Crash.AtAsync(point, () => _pool.CopyAsync("b", VolumeSourceKind.Volume, "a", 128 * Mebibyte)));
        if (restart) _pool.Restart();
        Assert.Equal(128 * Mebibyte, (await _pool.CopyAsync("b", VolumeSourceKind.Volume, "a", 128 * Mebibyte)).Size);
        Assert.Equal(await File.ReadAllBytesAsync(_pool.Image("a")), (await File.ReadAllBytesAsync(_pool.Image("b")))[..(int)(64 * Mebibyte)]);
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(_pool.Folder + "/volumes").Count());
    }

    [Theory]
    [MemberData(nameof(Grouping))]
    public async Task Group_ends_right(string point, bool restart)
    {
        await MakeAsync("a");
        await MakeAsync("b");
        Assert.True(await Crash.AtAsync(point, () => _pool.GroupAsync("g", "a", "b")));
        if (restart) _pool.Restart();
        var group = await _pool.GroupAsync("g", "a", "b");
        Assert.Equal(2, group.Snapshots.Count);
        foreach (var snapshot in group.Snapshots)
            Assert.Equal(await File.ReadAllBytesAsync(_pool.Image(snapshot.SourceVolumeId)), await File.ReadAllBytesAsync(_pool.SnapshotImage(snapshot.Id)));
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(_pool.Folder + "/snapshots").Count());
        Assert.Single(Directory.EnumerateFileSystemEntries(_pool.Folder + "/groups"));
    }

    [Theory]
    [MemberData(nameof(Grouping))]
    public async Task Group_that_nobody_repeats_is_there_as_a_whole_or_not_at_all(string point, bool restart)
    {
        await MakeAsync("a");
        await MakeAsync("b");
        var before = _pool.State();
        Assert.True(await Crash.AtAsync(point, () => _pool.GroupAsync("g", "a", "b")));
        var whole = point == FaultPoints.GroupRecorded;
        if (restart) _pool.Restart();
        Assert.Equal(whole ? 2 : 0, (await _pool.Catalogue.ListSnapshotsAsync(new SnapshotFilter("", ""), 0, "", CancellationToken.None)).Snapshots.Count);
        if (!whole && restart) Assert.Equal(before, _pool.State());
        await _pool.Catalogue.DeleteGroupAsync("g", [], CancellationToken.None);
        _pool.Restart();
        Assert.Equal(before, _pool.State());
    }

    [Theory]
    [MemberData(nameof(Ungrouping))]
    public async Task Deletion_of_a_group_ends_right(string point, bool restart)
    {
        await MakeAsync("a");
        await MakeAsync("b");
        var before = _pool.State();
        await _pool.GroupAsync("g", "a", "b");
        Assert.True(await Crash.AtAsync(point, () => _pool.Catalogue.DeleteGroupAsync("g", [], CancellationToken.None)));
        Assert.Empty((await _pool.Catalogue.ListSnapshotsAsync(new SnapshotFilter("", ""), 0, "", CancellationToken.None)).Snapshots);
        if (restart)
        {
            // The next process finishes it.
            _pool.Restart();
        }
        else
        {
            await _pool.Catalogue.DeleteGroupAsync("g", [], CancellationToken.None);
            _pool.Restart();
        }

        Assert.Equal(before, _pool.State());
        await FailsAsync(VolumeError.NotFound, () => _pool.Catalogue.GetGroupAsync("g", [], CancellationToken.None));
    }

    private async Task MakeAsync(string id)
    {
        await _pool.Catalogue.CreateAsync(Of(id), CancellationToken.None);
        _pool.Write(id, seed: id[0]);
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

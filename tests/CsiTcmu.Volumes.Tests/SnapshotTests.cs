using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>Snapshots and copies of images on a file system that shares blocks and on one that cannot.</summary>
public sealed class SnapshotTests
{
    private const long Size = 256 * Mebibyte;

    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public async Task Snapshot_is_the_image_of_its_moment_and_outlives_its_source(string fileSystem)
    {
        using var pool = new PoolFileSystem(fileSystem);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        var then = await File.ReadAllBytesAsync(pool.Image("a"));

        var snapshot = await pool.SnapshotAsync("s");
        Assert.Equal(("s", "a", Size), (snapshot.Id, snapshot.SourceVolumeId, snapshot.Size));
        Assert.Equal(["hold a", "release a"], pool.Disks.Calls);
        pool.Write("a", seed: 2, start: Mebibyte);
        Assert.Equal(then, await File.ReadAllBytesAsync(pool.SnapshotImage("s")));
        Assert.NotEqual(then, await File.ReadAllBytesAsync(pool.Image("a")));

        await pool.Catalogue.DeleteAsync("a", CancellationToken.None);
        pool.Restart();
        Assert.Equal(snapshot, await pool.Catalogue.GetSnapshotAsync("s", CancellationToken.None));
        Assert.Equal(then, await File.ReadAllBytesAsync(pool.SnapshotImage("s")));

        var restored = await pool.CopyAsync("b", VolumeSourceKind.Snapshot, "s", 2 * Size);
        Assert.Equal(2 * Size, restored.Size);
        Assert.Equal(2 * Size, new FileInfo(pool.Image("b")).Length);
        Assert.Equal(then, (await File.ReadAllBytesAsync(pool.Image("b")))[..(int)Size]);
        await pool.Catalogue.DeleteSnapshotAsync("s", CancellationToken.None);
        Assert.Equal(then, (await File.ReadAllBytesAsync(pool.Image("b")))[..(int)Size]);
        await pool.Catalogue.DeleteAsync("b", CancellationToken.None);
        Assert.DoesNotContain(pool.State(), path => path.Contains("image", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("xfs", 0)]
    [InlineData("ext4", 8)]
    public async Task Copy_shares_blocks_or_copies_data_without_holes(string fileSystem, int allocatedMebibytes)
    {
        using var pool = new PoolFileSystem(fileSystem);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1);
        var before = Free(pool);
        await pool.CopyAsync("b", VolumeSourceKind.Volume, "a");
        Assert.Equal(await File.ReadAllBytesAsync(pool.Image("a")), await File.ReadAllBytesAsync(pool.Image("b")));
        Assert.InRange(before - Free(pool), allocatedMebibytes * Mebibyte, (allocatedMebibytes + 1) * Mebibyte);
        Assert.NotEqual((await pool.Catalogue.GetAsync("a", CancellationToken.None)).Wwid, (await pool.Catalogue.GetAsync("b", CancellationToken.None)).Wwid);

        // Each is itself: what is written to one is not seen in the other.
        pool.Write("b", seed: 3);
        Assert.NotEqual(await File.ReadAllBytesAsync(pool.Image("a")), await File.ReadAllBytesAsync(pool.Image("b")));
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public async Task What_volumes_are_promised_is_there_after_snapshots(string fileSystem)
    {
        using var pool = new PoolFileSystem(fileSystem);
        await pool.Catalogue.CreateAsync(Of("a", Size), CancellationToken.None);
        pool.Write("a", seed: 1, pieces: 64);
        var before = await AvailableAsync(pool);
        await pool.SnapshotAsync("s");

        // Whether they are shared or copied, the 64 MiB are needed twice.
        await NearAsync(before - (64 * Mebibyte), pool);

        // A block that has been written again since is the volume's own, and one that is new was promised.
        pool.Write("a", seed: 2, pieces: 32);
        pool.Write("a", seed: 2, start: Mebibyte);
        await NearAsync(before - (64 * Mebibyte), pool);
        await pool.SnapshotAsync("t");
        await NearAsync(before - ((64 + (fileSystem == "xfs" ? 40 : 72)) * Mebibyte), pool);
        await pool.Catalogue.DeleteSnapshotAsync("s", CancellationToken.None);
        await pool.Catalogue.DeleteSnapshotAsync("t", CancellationToken.None);
        await NearAsync(before, pool);
    }

    [Fact]
    public async Task A_snapshot_for_which_there_is_no_room_is_refused_and_leaves_nothing()
    {
        using var pool = new PoolFileSystem("xfs", 512 * Mebibyte);
        await pool.Catalogue.CreateAsync(Of("a", 200 * Mebibyte), CancellationToken.None);
        pool.Write("a", seed: 1, pieces: 50, length: 4 << 20);
        var available = await AvailableAsync(pool);
        await pool.Catalogue.CreateAsync(Of("b", (available - (100 * Mebibyte)) / Mebibyte * Mebibyte), CancellationToken.None);
        var before = pool.State();
        await FailsAsync(VolumeError.Exhausted, () => pool.SnapshotAsync("s"));
        await FailsAsync(VolumeError.Exhausted, () => pool.CopyAsync("c", VolumeSourceKind.Volume, "a"));
        await FailsAsync(VolumeError.Exhausted, () => pool.GroupAsync("g", "b", "a"));
        Assert.Equal(before, pool.State());
    }

    [Fact]
    public async Task A_group_is_held_together_before_the_first_and_until_the_last_copy()
    {
        using var pool = new PoolFileSystem("xfs");
        foreach (var id in new[] { "a", "b", "c" }) await pool.Catalogue.CreateAsync(Of(id), CancellationToken.None);
        await pool.GroupAsync("g", "c", "a", "b");
        Assert.Equal(["hold", "hold", "hold", "release", "release", "release"], pool.Disks.Calls.Select(call => call.Split(' ')[0]));
        Assert.Equal(["a", "b", "c"], pool.Disks.Calls.Take(3).Select(call => call.Split(' ')[1]).Order());
    }

    [Fact]
    public async Task A_group_is_taken_once_with_its_parameters_whomever_it_is_for()
    {
        using var pool = new PoolFileSystem("xfs");
        await pool.Catalogue.CreateAsync(Of("a"), CancellationToken.None);
        var group = await TakeAsync(("freeze", "false"), ("csi.storage.k8s.io/volumegroupsnapshot/name", "first"));
        var before = pool.State();
        Assert.Equal(group.Created, (await TakeAsync(("csi.storage.k8s.io/volumegroupsnapshot/name", "second"))).Created);
        Assert.Contains("other parameters", (await FailsAsync(VolumeError.AlreadyExists, () => TakeAsync(("freeze", "true")))).Message);
        Assert.Equal(before, pool.State());

        Task<SnapshotGroup> TakeAsync(params (string Key, string Value)[] parameters) => pool.Catalogue.CreateGroupAsync(
            new GroupWish { Name = "g", SourceVolumeIds = ["a"], Parameters = parameters.ToDictionary(pair => pair.Key, pair => pair.Value) }, CancellationToken.None);
    }

    [Fact]
    public async Task A_disk_that_does_not_drain_lets_the_others_go_and_leaves_no_group()
    {
        using var pool = new PoolFileSystem("xfs");
        foreach (var id in new[] { "a", "b" }) await pool.Catalogue.CreateAsync(Of(id), CancellationToken.None);
        var before = pool.State();
        pool.Disks.Holding = (id, cancellation) => id == "b" ? throw new OperationCanceledException(cancellation) : Task.CompletedTask;
        Assert.Contains("did not end", (await FailsAsync(VolumeError.Unavailable, () => pool.GroupAsync("g", "a", "b"))).Message);
        Assert.Equal(["hold a", "release a"], pool.Disks.Calls);
        Assert.Equal(before, pool.State());
        pool.Disks.Holding = (_, _) => Task.CompletedTask;
        Assert.Equal(2, (await pool.GroupAsync("g", "a", "b")).Snapshots.Count);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_and_finds_the_snapshot_later()
    {
        using var pool = new PoolFileSystem("ext4");
        await pool.Catalogue.CreateAsync(Of("a"), CancellationToken.None);
        var go = new TaskCompletionSource();
        pool.Disks.Holding = (_, _) => go.Task;
        using var giveUp = new CancellationTokenSource();
        var first = pool.Catalogue.CreateSnapshotAsync(new SnapshotWish { Name = "s", SourceVolumeId = "a" }, giveUp.Token);
        await giveUp.CancelAsync();
        Assert.Contains("goes on", (await FailsAsync(VolumeError.Aborted, () => first)).Message);
        await FailsAsync(VolumeError.Aborted, () => pool.SnapshotAsync("s"));
        await FailsAsync(VolumeError.Aborted, () => pool.Catalogue.DeleteAsync("a", CancellationToken.None));
        go.SetResult();
        while (!Directory.Exists(pool.Folder + "/snapshots/s")) await Task.Delay(10);
        while (true)
        {
            try
            {
                Assert.Equal("s", (await pool.SnapshotAsync("s")).Id);
                break;
            }
            catch (VolumeException busy) when (busy.Error == VolumeError.Aborted)
            {
                await Task.Delay(10);
            }
        }

        Assert.Equal(1, pool.Disks.Calls.Count(call => call == "hold a"));
    }

    [Fact]
    public async Task A_damaged_snapshot_is_kept_named_and_not_used()
    {
        using var pool = new PoolFileSystem("ext4");
        await pool.Catalogue.CreateAsync(Of("a"), CancellationToken.None);
        await pool.SnapshotAsync("s");
        var descriptor = pool.Folder + "/snapshots/s/snapshot.json";
        var text = await File.ReadAllTextAsync(descriptor);
        foreach (var (damage, says) in new[] { ("{", "is damaged"), (text.Replace("\"version\": 1", "\"version\": 2"), "is of version 2"), (text.Replace("\"created\"", "\"born\""), "is damaged") })
        {
            await File.WriteAllTextAsync(descriptor, damage);
            Assert.Contains(says, (await FailsAsync(VolumeError.FailedPrecondition, () => pool.Catalogue.GetSnapshotAsync("s", CancellationToken.None))).Message);
            await FailsAsync(VolumeError.FailedPrecondition, () => pool.SnapshotAsync("s"));
            await FailsAsync(VolumeError.FailedPrecondition, () => pool.Catalogue.DeleteSnapshotAsync("s", CancellationToken.None));
            await FailsAsync(VolumeError.FailedPrecondition, () => pool.CopyAsync("b", VolumeSourceKind.Snapshot, "s"));
            Assert.Empty((await pool.Catalogue.ListSnapshotsAsync(new SnapshotFilter("", ""), 0, "", CancellationToken.None)).Snapshots);
        }

        await File.WriteAllTextAsync(descriptor, text);
        Assert.Equal("s", (await pool.Catalogue.GetSnapshotAsync("s", CancellationToken.None)).Id);
    }

    private static long Free(PoolFileSystem pool) => new DriveInfo(pool.Folder).AvailableFreeSpace;

    private static async Task<long> AvailableAsync(PoolFileSystem pool) =>
        (await pool.Catalogue.GetRoomAsync(new Dictionary<string, string>(StringComparer.Ordinal), "ext4", block: false, CancellationToken.None)).Available;

    /// <summary>XFS frees the blocks of a deleted file a moment later.</summary>
    private static async Task NearAsync(long expected, PoolFileSystem pool)
    {
        long actual;
        var tries = 0;
        do actual = await AvailableAsync(pool);
        while ((actual < expected - (4 * Mebibyte) || actual > expected + (2 * Mebibyte)) && tries++ < 50 && await Task.Delay(100).ContinueWith(_ => true, TaskScheduler.Default));
        Assert.InRange(actual, expected - (4 * Mebibyte), expected + (2 * Mebibyte));
    }
}

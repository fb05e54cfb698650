using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// A process is killed anywhere in a snapshot, a volume from a snapshot, a clone of a volume in use, a group, and the deletion of each, also while file systems are frozen
/// and disks held; the next one thaws, serves on, and repeats the operation, which ends right. The originals stay as they were.
/// </summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class SnapshotFaultTests(ITestOutputHelper output)
{
    private const long Size = 32L << 20;

    /// <summary>All points of these operations.</summary>
    internal static IEnumerable<FaultAt> Points => [.. FaultLives.Of("snapshot", "copy", "copystage", "group", "ungroup", "drop"), .. FaultLives.At("clone", "copy")];

    [Fact]
    public Task Killed_in_the_middle_of_a_snapshot_the_repeated_operation_ends_right() => FaultLives.RunAsync(Points, LiveAsync, output);

    /// <summary>A mounted volume with a snapshot, a larger volume from it and a clone, both mounted beside, and a group of all.</summary>
    private static async Task LiveAsync(FaultLife life)
    {
        var (node, id) = (life.Node, life.Node.Name);
        var (copy, clone, snapshot, group) = (id + "-copy", id + "-clone", id + "-snapshot", id + "-group");
        var (staging, beside, third) = (Make("staging"), Make("beside"), Make("third"));
        await node.DoAsync("create", id, $"{Size}");
        await node.DoAsync("stage", id, staging);
        await File.WriteAllTextAsync(staging + "/data", life.Points);

        await life.StepAsync("snapshot", snapshot, id);
        await WriteAsync(staging, "later");
        await life.StepAsync("copy", copy, snapshot, $"{4 * Size}");
        await life.StepAsync("copystage", copy, beside);
        Assert.Equal(life.Points, await File.ReadAllTextAsync(beside + "/data"));
        Assert.False(File.Exists(beside + "/later"));
        var size = (await Shell.RunAsync("stat", "-f", "-c", "%b %S", beside)).Trim().Split(' ').Select(long.Parse).ToArray();
        Assert.InRange(size[0] * size[1], 2 * Size, 4 * Size);

        await life.StepAsync("clone", clone, id, $"{Size}");
        await node.DoAsync("stage", clone, third);
        Assert.Equal(life.Points, await File.ReadAllTextAsync(third + "/data"));
        Assert.Equal("later", await File.ReadAllTextAsync(third + "/later"));

        await life.StepAsync("group", group, id, copy, clone);
        foreach (var folder in new[] { staging, beside, third }) await WriteAsync(folder, "after");
        await AssertMembersAsync(life, snapshot);
        await life.StepAsync("ungroup", group);
        await life.StepAsync("drop", snapshot);
        await Shell.RunAsync("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches");
        foreach (var (volume, path) in new[] { (id, staging), (copy, beside), (clone, third) })
        {
            Assert.Equal(life.Points, await File.ReadAllTextAsync(path + "/data"));
            Assert.Equal("after", await File.ReadAllTextAsync(path + "/after"));
            await node.DoAsync("unstage", volume, path);
            await node.DoAsync("delete", volume);
        }

        string Make(string name) => Directory.CreateDirectory($"{life.Folder}/{name}").FullName;
    }

    /// <summary>Each member's image is a file system with what was written before the group and without what came after it.</summary>
    private static async Task AssertMembersAsync(FaultLife life, string alone)
    {
        var members = Directory.EnumerateDirectories(life.Node.Pool + "/snapshots").Where(folder => Path.GetFileName(folder) != alone).ToList();
        Assert.Equal(3, members.Count);
        foreach (var member in members)
        {
            Assert.Equal(life.Points, await Shell.RunAsync("debugfs", "-R", "cat /data", member + "/image"));
            Assert.DoesNotContain("/after/", await Shell.RunAsync("debugfs", "-R", "ls -p /", member + "/image"), StringComparison.Ordinal);
        }
    }

    /// <summary>Writes a file to its disk, which a file system that was left frozen would not do.</summary>
    private static async Task WriteAsync(string folder, string name)
    {
        await File.WriteAllTextAsync($"{folder}/{name}", name).WaitAsync(TimeSpan.FromSeconds(30));
        await Shell.RunAsync("timeout", "30", "sync", "-f", folder);
    }
}

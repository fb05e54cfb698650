using System.Collections.Concurrent;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// A process is killed in the middle of a snapshot, a copy or a group, while file systems are frozen and disks held among others; the next one thaws, serves on, and repeats
/// the operation, which ends right. The points that lie between two changes of files alone are tested without a kernel, by <c>SnapshotCrashTests</c>.
/// </summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class SnapshotFaultTests(ITestOutputHelper output)
{
    private const int Lanes = 2;
    private const long Size = 32L << 20;

    private static readonly string[] Points =
    [
        FaultPoints.SnapshotFrozen, FaultPoints.SnapshotHeld, FaultPoints.SnapshotImage,
        FaultPoints.CopyHeld, FaultPoints.CopyRenamed, FaultPoints.StageGrown,
        FaultPoints.GroupFrozen, FaultPoints.GroupHeld, FaultPoints.GroupRenamed, FaultPoints.GroupRecorded,
        FaultPoints.UngroupRecord, FaultPoints.UngroupMember, FaultPoints.DropRenamed,
    ];

    [Fact]
    public async Task Killed_in_the_middle_of_a_snapshot_the_repeated_operation_ends_right()
    {
        var root = await PoolDisk.MountAsync();
        var before = KernelState.Take(root);
        var lives = new ConcurrentQueue<IReadOnlyDictionary<string, string>>(Lives());
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async number =>
        {
            await using var node = new FaultNode(root, number);
            await node.StartAsync();
            while (lives.TryDequeue(out var faults))
            {
                var names = string.Join(", ", faults.Values);
                try
                {
                    await LiveAsync(node, faults);
                    output.WriteLine($"repeated and ended right: {names}");
                }
                catch (Exception e)
                {
                    lives.Clear(); // The other lanes end, too.
                    throw new InvalidOperationException($"{names}: {e.Message}", e);
                }
            }
        }));
        Assert.Equal(before, KernelState.Take(root));
    }

    /// <summary>Deals the fault points out to lives, at most one for each operation in each.</summary>
    private static IEnumerable<IReadOnlyDictionary<string, string>> Lives() => Points
        .GroupBy(Operation)
        .SelectMany(faults => faults.Select((fault, life) => (fault, life)))
        .GroupBy(one => one.life, one => one.fault)
        .Select(faults => faults.ToDictionary(Operation));

    private static string Operation(string fault) => fault[..fault.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>A mounted volume with a snapshot, a larger volume from it that is mounted beside, and a group of both.</summary>
    private static async Task LiveAsync(FaultNode node, IReadOnlyDictionary<string, string> faults)
    {
        var (id, copy, snapshot, group) = (node.Name, node.Name + "-copy", node.Name + "-snapshot", node.Name + "-group");
        var folder = Directory.CreateTempSubdirectory().FullName;
        var (staging, beside) = (Directory.CreateDirectory(folder + "/staging").FullName, Directory.CreateDirectory(folder + "/beside").FullName);
        var data = string.Join(' ', faults.Values);
        await node.DoAsync("create", id, $"{Size}");
        await node.DoAsync("stage", id, staging);
        await File.WriteAllTextAsync(staging + "/data", data);

        await StepAsync("snapshot", snapshot, id);
        await WriteAsync(staging, "later");
        await StepAsync("copy", copy, snapshot, $"{4 * Size}");
        await StepAsync("copystage", copy, beside);
        Assert.Equal(data, await File.ReadAllTextAsync(beside + "/data"));
        Assert.False(File.Exists(beside + "/later"));
        var size = (await Shell.RunAsync("stat", "-f", "-c", "%b %S", beside)).Trim().Split(' ').Select(long.Parse).ToArray();
        Assert.InRange(size[0] * size[1], 2 * Size, 4 * Size);

        await StepAsync("group", group, id, copy);
        await WriteAsync(staging, "after");
        await WriteAsync(beside, "after");
        await StepAsync("ungroup", group);
        await StepAsync("drop", snapshot);
        foreach (var (volume, path) in new[] { (id, staging), (copy, beside) })
        {
            await node.DoAsync("unstage", volume, path);
            await node.DoAsync("delete", volume);
        }

        foreach (var kind in new[] { "volumes", "snapshots", "groups" }) Assert.Empty(Directory.EnumerateFileSystemEntries($"{node.Pool}/{kind}"));
        Directory.Delete(folder, recursive: true);

        async Task StepAsync(params string[] words)
        {
            if (faults.TryGetValue(words[0], out var fault))
            {
                await node.DieAsync(fault, words);
                await node.StartAsync();
            }

            await node.DoAsync(words);
        }
    }

    /// <summary>Writes a file to its disk, which a file system that was left frozen would not do.</summary>
    private static async Task WriteAsync(string folder, string name)
    {
        await File.WriteAllTextAsync($"{folder}/{name}", name).WaitAsync(TimeSpan.FromSeconds(30));
        await Shell.RunAsync("timeout", "30", "sync", "-f", folder);
    }
}

using System.Collections.Concurrent;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// A process is killed between any two steps of an operation; the next one repeats the operation, which ends right, and nothing is left
/// behind.
/// </summary>
public sealed class FaultPointTests(ITestOutputHelper output)
{
    private const int Lanes = 2;
    private const long Size = 32L << 20;
    private const long Larger = 64L << 20;

    // Those on snapshots have tests of their own.
    private static readonly HashSet<string> Operations = ["create", "stage", "publish", "expand", "modify", "unpublish", "unstage", "delete"];

    [Fact]
    public Task Killed_at_every_fault_point_the_repeated_operation_ends_right() => LiveAllAsync(fault => !FaultPoints.Encrypted.Contains(fault, StringComparer.Ordinal));

    [Fact]
    [Trait("Length", "longest")]
    public Task Killed_at_every_fault_point_of_an_encrypted_volume_the_repeated_operation_ends_right() =>
        LiveAllAsync(fault => FaultPoints.Encrypted.Contains(fault, StringComparer.Ordinal));

    private async Task LiveAllAsync(Predicate<string> chosen)
    {
        var root = await PoolDisk.MountAsync();
        var before = KernelState.Take(root);
        var lives = new ConcurrentQueue<IReadOnlyDictionary<string, string>>(Lives(chosen));
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
    private static IEnumerable<IReadOnlyDictionary<string, string>> Lives(Predicate<string> chosen) => FaultPoints.All
        .Where(fault => Operations.Contains(Operation(fault)) && chosen(fault))
        .GroupBy(Operation)
        .SelectMany(faults => faults.Select((fault, life) => (fault, life)))
        .GroupBy(one => one.life, one => one.fault)
        .Select(faults => faults.ToDictionary(Operation));

    private static string Operation(string fault) => fault[..fault.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>A volume's whole life with data; the process dies in every operation that has a fault, and the next one repeats it.</summary>
    private static async Task LiveAsync(FaultNode node, IReadOnlyDictionary<string, string> faults)
    {
        var (id, folder) = (node.Name, Directory.CreateTempSubdirectory().FullName);
        var (staging, target) = (Directory.CreateDirectory(folder + "/staging").FullName, folder + "/target");
        var data = string.Join(' ', faults.Values);

        // Little memory for the key: Argon2id is slow in the emulator.
        string[] encryption = faults.Values.Intersect(FaultPoints.Encrypted).Any() ? ["encrypted=true", "encryptionKeyMemory=1Mi"] : [];
        await StepAsync(["create", id, $"{Size}", .. encryption]);
        await StepAsync("stage", id, staging);
        await StepAsync("publish", id, staging, target);
        await File.WriteAllTextAsync(target + "/data", data);
        await Shell.RunAsync("sync", "-f", target + "/data");
        await StepAsync("expand", id, target, $"{Larger}");
        await StepAsync("modify", id, "5000");
        var disk = (await Shell.RunAsync("findmnt", "-no", "SOURCE", staging)).Trim();
        Assert.Equal(Larger, long.Parse(await Shell.RunAsync("blockdev", "--getsize64", disk)));
        Assert.Equal(data, await File.ReadAllTextAsync(target + "/data"));
        await StepAsync("unpublish", id, target);
        await StepAsync("unstage", id, staging);

        // The data is still there after another stage.
        await node.DoAsync("stage", id, staging);
        Assert.Equal(data, await File.ReadAllTextAsync(staging + "/data"));
        await node.DoAsync("unstage", id, staging);
        await StepAsync("delete", id);
        if (faults.ContainsKey("ephemeral") || faults.ContainsKey("retire")) await LiveEphemeralAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(node.Pool + "/volumes"));
        Directory.Delete(folder, recursive: true);

        async Task LiveEphemeralAsync()
        {
            await StepAsync("ephemeral", $"csi-{id}", target);
            await File.WriteAllTextAsync(target + "/data", data);
            await node.DoAsync("ephemeral", $"csi-{id}", target);
            Assert.Equal(data, await File.ReadAllTextAsync(target + "/data"));
            await StepAsync("retire", $"csi-{id}", target);
            await node.DoAsync("retire", $"csi-{id}", target);
            Assert.False(Directory.Exists(target));
        }

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
}

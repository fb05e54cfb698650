using System.Collections.Concurrent;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// The driver kills itself between any two steps of an operation; after a restart the operation is repeated, ends right, and nothing is
/// left behind.
/// </summary>
public sealed class FaultPointTests(ITestOutputHelper output)
{
    private const long Size = 32L << 20;
    private const long Larger = 64L << 20;

    // A driver's start keeps one processor busy; more lanes than processors use the waits.
    private static readonly int Lanes = Environment.ProcessorCount + 1;

    [Fact]
    public async Task Killed_at_every_fault_point_the_repeated_operation_ends_right()
    {
        var root = await PoolDisk.MountAsync();
        var before = KernelState.Take(root);
        var lives = new ConcurrentQueue<IReadOnlyDictionary<string, string>>(Lives());
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async number =>
        {
            await using var lane = new FaultLane(root, number);
            await lane.StartAsync();
            while (lives.TryDequeue(out var faults))
            {
                try
                {
                    await LiveAsync(lane, faults);
                    output.WriteLine($"repeated and ended right: {string.Join(", ", faults.Values)}");
                }
                catch (Exception e)
                {
                    lives.Clear(); // The other lanes end, too.
                    throw new InvalidOperationException($"{string.Join(", ", faults.Values)}: {e.Message}\n{lane.Driver.Tail()}", e);
                }
            }
        }));
        Assert.Equal(before, KernelState.Take(root));
    }

    /// <summary>Deals the fault points out to lives, at most one for each operation in each.</summary>
    private static IEnumerable<IReadOnlyDictionary<string, string>> Lives() => FaultPoints.All
        .GroupBy(Operation)
        .SelectMany(faults => faults.Select((fault, life) => (fault, life)))
        .GroupBy(one => one.life, one => one.fault)
        .Select(faults => faults.ToDictionary(Operation));

    private static string Operation(string fault) => fault[..fault.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>A volume's whole life with data; an operation with a fault fails once there, and is repeated after a restart.</summary>
    private static async Task LiveAsync(FaultLane lane, IReadOnlyDictionary<string, string> faults)
    {
        var client = lane.Driver.Client;
        StagedVolume? volume = null;
        await StepAsync("create", async () => volume = await StagedVolume.CreateAsync(client, lane.VolumeName, "ext4", Size));
        await StepAsync("stage", () => volume!.StageAsync(client));
        await StepAsync("publish", () => volume!.PublishAsync(client));
        var data = string.Join(' ', faults.Values);
        await File.WriteAllTextAsync(volume!.Target + "/data", data);
        await Shell.RunAsync("sync", "-f", volume.Target + "/data");
        await StepAsync("expand", () => volume.ExpandAsync(client, Larger));
        var disk = await volume.DiskAsync();
        Assert.Equal(Larger, long.Parse(await Shell.RunAsync("blockdev", "--getsize64", disk)));
        Assert.Equal(data, await File.ReadAllTextAsync(volume.Target + "/data"));
        await StepAsync("unpublish", () => volume.UnpublishAsync(client));
        await StepAsync("unstage", () => volume.UnstageAsync(client));

        // The data is still there after another stage.
        await volume.StageAsync(client);
        Assert.Equal(data, await File.ReadAllTextAsync(volume.Staging + "/data"));
        await volume.UnstageAsync(client);
        await StepAsync("delete", () => volume.DeleteAsync(client));
        Assert.Empty(Directory.EnumerateFileSystemEntries(lane.Driver.Pool + "/volumes"));

        async Task StepAsync(string name, Func<Task> operation)
        {
            if (faults.TryGetValue(name, out var fault))
            {
                lane.Arm(fault);
                var failure = await Record.ExceptionAsync(operation);
                Assert.True(failure is IOException or HttpRequestException or CallFailedException, $"{fault} was not met: {failure}");
                await lane.Driver.WaitForEndAsync();
                await lane.StartAsync();
            }

            await operation();
        }
    }
}

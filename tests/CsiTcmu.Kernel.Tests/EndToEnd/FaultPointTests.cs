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
        var root = await DriverFixture.MountPoolAsync();
        var before = KernelState.Take(root);
        var faults = new ConcurrentQueue<string>(FaultPoints.All);
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async number =>
        {
            await using var lane = new FaultLane(root, number);
            await lane.StartAsync();
            while (faults.TryDequeue(out var fault))
            {
                try
                {
                    await LiveAsync(lane, fault);
                    output.WriteLine($"{fault}: repeated and ended right");
                }
                catch (Exception e)
                {
                    faults.Clear(); // The other lanes end, too.
                    throw new InvalidOperationException($"{fault}: {e.Message}\n{lane.Driver.Tail()}", e);
                }
            }
        }));
        Assert.Equal(before, KernelState.Take(root));
    }

    /// <summary>A volume's whole life with data; the operation that meets the fault fails once, and is repeated after a restart.</summary>
    private static async Task LiveAsync(FaultLane lane, string fault)
    {
        var client = lane.Driver.Client;
        var killed = 0;
        StagedVolume? volume = null;
        lane.Arm(fault);
        await StepAsync(async () => volume = await StagedVolume.CreateAsync(client, lane.VolumeName, "ext4", Size));
        await StepAsync(() => volume!.StageAsync(client));
        await StepAsync(() => volume!.PublishAsync(client));
        await File.WriteAllTextAsync(volume!.Target + "/data", fault);
        await Shell.RunAsync("sync", "-f", volume.Target + "/data");
        await StepAsync(() => volume.ExpandAsync(client, Larger));
        var disk = await volume.DiskAsync();
        Assert.Equal(Larger, long.Parse(await Shell.RunAsync("blockdev", "--getsize64", disk)));
        Assert.Equal(fault, await File.ReadAllTextAsync(volume.Target + "/data"));
        await StepAsync(() => volume.UnpublishAsync(client));
        await StepAsync(() => volume.UnstageAsync(client));

        // The data is still there after another stage.
        await volume.StageAsync(client);
        Assert.Equal(fault, await File.ReadAllTextAsync(volume.Staging + "/data"));
        await volume.UnstageAsync(client);
        await StepAsync(() => volume.DeleteAsync(client));

        Assert.True(killed == 1, $"it was met {killed} times");
        Assert.Empty(Directory.EnumerateFileSystemEntries(lane.Driver.Pool + "/volumes"));

        async Task StepAsync(Func<Task> operation)
        {
            try
            {
                await operation();
            }
            catch (Exception e) when (killed == 0 && e is IOException or HttpRequestException or CallFailedException)
            {
                killed++;
                await lane.Driver.WaitForEndAsync();
                await lane.StartAsync();
                await operation();
            }
        }
    }
}

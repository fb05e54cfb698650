using CsiTcmu.TestClient;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Volumes that come and go: create, stage, publish, unpublish, unstage, delete.</summary>
internal static class VolumeCycles
{
    /// <summary>Calls at a time.</summary>
    public const int Lanes = 8;

    private const long Size = 16L << 20;

    /// <summary>Runs that many lives, one in four of them with a file system.</summary>
    public static Task RunAsync(CsiClient client, int cycles) =>
        Parallel.ForEachAsync(Enumerable.Range(0, cycles), new ParallelOptions { MaxDegreeOfParallelism = Lanes }, async (cycle, _) =>
        {
            var volume = await StagedVolume.MakeAsync(client, $"cycle-{cycle}", cycle % 4 == 0 ? "ext4" : "", Size);
            await volume.RemoveAsync(client);
        });
}

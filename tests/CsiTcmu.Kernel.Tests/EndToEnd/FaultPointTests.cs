using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// A process is killed between any two steps of an operation; the next one repeats the operation, which ends right, and nothing is left
/// behind.
/// </summary>
public sealed class FaultPointTests(ITestOutputHelper output)
{
    private const long Size = 32L << 20;
    private const long Larger = 64L << 20;

    // Little memory for the key: Argon2id is slow in the emulator.
    private static readonly string[] Encryption = ["encrypted=true", "encryptionKeyMemory=1Mi"];

    // An encrypted volume is formatted, mounted, grown and taken apart in other steps than a plain one.
    private static readonly string[] AlsoEncrypted =
    [
        FaultPoints.StageFormatting, FaultPoints.StageMade, FaultPoints.StageFormatted, FaultPoints.StageMounted,
        FaultPoints.ExpandRescan, FaultPoints.ExpandFileSystem, FaultPoints.UnstageUnmounted, FaultPoints.UnstageUnlinked,
    ];

    private static IEnumerable<FaultAt> All => FaultLives.Of("create", "stage", "publish", "expand", "modify", "unpublish", "unstage", "delete");

    private static IEnumerable<FaultAt> Plain => All.Where(point => !FaultPoints.Encrypted.Contains(point.Name, StringComparer.Ordinal));

    private static IEnumerable<FaultAt> Encrypted =>
        All.Where(point => FaultPoints.Encrypted.Contains(point.Name, StringComparer.Ordinal) || AlsoEncrypted.Contains(point.Name, StringComparer.Ordinal));

    [Fact]
    public Task Killed_at_every_fault_point_the_repeated_operation_ends_right() => FaultLives.RunAsync(Plain, life => LiveAsync(life, []), output);

    [Fact]
    [Trait("Length", "longest")]
    public Task Killed_at_every_fault_point_of_an_encrypted_volume_the_repeated_operation_ends_right() =>
        FaultLives.RunAsync(Encrypted, life => LiveAsync(life, Encryption), output);

    [Fact]
    public void Every_fault_point_is_one_at_which_a_test_kills()
    {
        IEnumerable<FaultAt> killed = [.. Plain, .. Encrypted, .. SnapshotFaultTests.Points, .. EphemeralFaultTests.Points];
        Assert.Equal(FaultPoints.All.Order(StringComparer.Ordinal), killed.Select(point => point.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    /// <summary>A volume's whole life with data.</summary>
    private static async Task LiveAsync(FaultLife life, string[] parameters)
    {
        var (node, id) = (life.Node, life.Node.Name);
        var (staging, target) = (Directory.CreateDirectory(life.Folder + "/staging").FullName, life.Folder + "/target");
        await life.StepAsync(["create", id, $"{Size}", .. parameters]);
        await life.StepAsync("stage", id, staging);
        await life.StepAsync("publish", id, staging, target);
        await File.WriteAllTextAsync(target + "/data", life.Points);
        await Shell.RunAsync("sync", "-f", target + "/data");
        await life.StepAsync("expand", id, target, $"{Larger}");
        await life.StepAsync("modify", id, "5000");
        Assert.Contains("\"iops\": \"5000\"", await File.ReadAllTextAsync($"{node.Pool}/volumes/{id}/volume.json"), StringComparison.Ordinal);
        var disk = (await Shell.RunAsync("findmnt", "-no", "SOURCE", staging)).Trim();
        Assert.Equal(Larger, long.Parse(await Shell.RunAsync("blockdev", "--getsize64", disk)));
        Assert.Equal(life.Points, await File.ReadAllTextAsync(target + "/data"));
        await life.StepAsync("unpublish", id, target);
        await life.StepAsync("unstage", id, staging);

        // The data is still there after another stage.
        await node.DoAsync("stage", id, staging);
        Assert.Equal(life.Points, await File.ReadAllTextAsync(staging + "/data"));
        await node.DoAsync("unstage", id, staging);
        await life.StepAsync("delete", id);
    }
}

using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// A process is killed anywhere in the one call that makes, formats and mounts a pod's inline volume, and in the one that undoes all of it; the next process
/// repeats the call, which ends right, and nothing is left behind.
/// </summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class EphemeralFaultTests(ITestOutputHelper output)
{
    private static readonly string[] Making = ["create", "ephemeral", "stage"];
    private static readonly string[] Undoing = ["unpublish", "retire", "unstage", "delete"];

    /// <summary>All points of both calls, met in them.</summary>
    internal static IEnumerable<FaultAt> Points => [.. FaultLives.At("ephemeral", Making), .. FaultLives.At("retire", Undoing)];

    [Fact]
    public Task Killed_anywhere_in_both_calls_the_repeated_call_ends_right() =>
        FaultLives.RunAsync(Points.Where(point => !IsEncrypted(point)), life => LiveAsync(life, "size=32Mi"), output);

    [Fact]
    public Task Killed_anywhere_in_both_calls_of_an_encrypted_volume_the_repeated_call_ends_right() =>
        FaultLives.RunAsync(Points.Where(IsEncrypted), life => LiveAsync(life, "size=32Mi", "encrypted=true", "encryptionKeyMemory=1Mi"), output);

    private static bool IsEncrypted(FaultAt point) => FaultPoints.Encrypted.Contains(point.Name, StringComparer.Ordinal);

    private static async Task LiveAsync(FaultLife life, params string[] context)
    {
        var (id, target) = ("csi-" + life.Node.Name, life.Folder + "/target");
        await life.StepAsync(["ephemeral", id, target, .. context]);
        await File.WriteAllTextAsync(target + "/data", life.Points);
        await Shell.RunAsync("sync", "-f", target);

        // kubelet asks again and again.
        await life.Node.DoAsync(["ephemeral", id, target, .. context]);
        Assert.Equal(life.Points, await File.ReadAllTextAsync(target + "/data"));
        await life.StepAsync("retire", id, target);
        await life.Node.DoAsync("retire", id, target);
        Assert.False(Directory.Exists(target));
    }
}

using CsiTcmu.Volumes;

namespace CsiTcmu.Doctor;

/// <summary>Whether the kernel has the zero copy that is wanted.</summary>
internal static class ZeroCopyChecks
{
    /// <summary>What was found.</summary>
    /// <param name="mode">What is wanted.</param>
    /// <param name="obstacle">Why there is none; null when there is.</param>
    public static Finding Describe(ZeroCopyMode mode, string? obstacle) => obstacle is null
        ? new("zero copy", Verdict.Fine, "target_core_user has it")
        : new("zero copy", mode == ZeroCopyMode.Required ? Verdict.Bad : Verdict.Weak, obstacle, "deploy/kernel/build, then insmod its module (deploy/kernel/README.md)");
}

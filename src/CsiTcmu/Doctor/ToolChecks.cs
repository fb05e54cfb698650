namespace CsiTcmu.Doctor;

/// <summary>Programs that the driver runs.</summary>
internal static class ToolChecks
{
    /// <summary>All of them, each with Debian's package.</summary>
    public static IReadOnlyList<(string Program, string Package)> Tools { get; } =
    [
        ("blkid", "util-linux"), ("wipefs", "util-linux"), ("flock", "util-linux"), ("fsfreeze", "util-linux"), ("mount", "mount"), ("umount", "mount"), ("ln", "coreutils"), ("unlink", "coreutils"),
        ("dd", "coreutils"), ("sync", "coreutils"), ("true", "coreutils"), ("find", "findutils"), ("cmp", "diffutils"), ("mkfs.ext4", "e2fsprogs"), ("resize2fs", "e2fsprogs"), ("mkfs.xfs", "xfsprogs"), ("xfs_growfs", "xfsprogs"),
        ("mkfs.btrfs", "btrfs-progs"), ("btrfs", "btrfs-progs"), ("cryptsetup", "cryptsetup-bin"),
    ];

    /// <summary>One row for each package that lacks something, or one for all.</summary>
    public static IEnumerable<Finding> Run()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).ToArray();
        var absent = Tools.Where(t => !path.Any(d => File.Exists(Path.Combine(d, t.Program)))).ToArray();
        if (absent.Length == 0) yield return new("programs", Verdict.Fine, string.Join(' ', Tools.Select(t => t.Program)));
        foreach (var (program, package) in absent) yield return new($"program {program}", Verdict.Bad, "not found", $"apt-get install {package}");
    }
}

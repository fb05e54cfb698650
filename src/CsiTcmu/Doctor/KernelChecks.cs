using System.Globalization;

namespace CsiTcmu.Doctor;

/// <summary>What the driver needs of the kernel and of its own privileges.</summary>
internal static class KernelChecks
{
    private static readonly Version Oldest = new(5, 15);

    private static readonly (int Bit, string Name, Verdict Without, string Why)[] Capabilities =
    [
        (21, "CAP_SYS_ADMIN", Verdict.Bad, "configfs and mounts"),
        (24, "CAP_SYS_RESOURCE", Verdict.Weak, "the I/O flusher flag"),
        (14, "CAP_IPC_LOCK", Verdict.Weak, "locked memory"),
    ];

    /// <summary>All checks, in the order in which one would mend them.</summary>
    public static IEnumerable<Finding> Run()
    {
        yield return Release();
        foreach (var finding in Privileges()) yield return finding;
        yield return Module("target_core_user", "CONFIG_TCM_USER2");
        yield return Module("tcm_loop", "CONFIG_LOOPBACK_TARGET");
        yield return Configfs();
        yield return DeviceNodes();
        yield return Multipath();
        yield return DeviceManager();
    }

    private static Finding Release()
    {
        var release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var digits = string.Join('.', release.Split('.', '-')[..2]);
        var fine = Version.TryParse(digits, out var version) && version >= Oldest;
        return fine
            ? new("kernel", Verdict.Fine, release)
            : new("kernel", Verdict.Bad, release, $"boot Linux {Oldest} or newer");
    }

    private static IEnumerable<Finding> Privileges()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        var effective = ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber);
        foreach (var (bit, name, without, why) in Capabilities)
        {
            yield return (effective >> bit & 1) == 1
                ? new($"privilege {name}", Verdict.Fine, "present")
                : new($"privilege {name}", without, $"absent; needed for {why}", "run as root, in Kubernetes with securityContext.privileged");
        }
    }

    private static Finding Module(string name, string option)
    {
        var check = $"module {name}";
        if (Directory.Exists($"/sys/module/{name}")) return new(check, Verdict.Fine, "loaded");
        var release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var list = $"/lib/modules/{release}/modules.dep";
        if (!File.Exists(list))
        {
            return new(check, Verdict.Bad, $"not loaded, and {list} is not there", $"modprobe {name} on the host, and mount /lib/modules into the container");
        }

        return File.ReadLines(list).Any(l => l.Contains($"/{name}.ko", StringComparison.Ordinal))
            ? new(check, Verdict.Weak, "not loaded; the kernel loads it at the first volume", $"modprobe {name}")
            : new(check, Verdict.Bad, $"not part of kernel {release}", $"use a kernel with {option}=m (Debian: linux-image-amd64)");
    }

    private static Finding Configfs()
    {
        const string Path = "/sys/kernel/config";
        const string Fix = "mount -t configfs none /sys/kernel/config";
        var mounted = File.ReadLines("/proc/self/mountinfo").Any(l => l.Contains($" {Path} ", StringComparison.Ordinal) && l.Contains(" - configfs ", StringComparison.Ordinal));
        if (!mounted) return new("configfs", Verdict.Bad, $"not mounted at {Path}", Fix);
        return Directory.Exists(Path + "/target")
            ? new("configfs", Verdict.Fine, Path + "/target")
            : new("configfs", Verdict.Weak, "mounted; the target subsystem is not loaded yet", "modprobe target_core_mod");
    }

    private static Finding DeviceNodes()
    {
        var devtmpfs = File.ReadLines("/proc/self/mountinfo").Any(l => l.Contains(" /dev ", StringComparison.Ordinal) && l.Contains(" - devtmpfs ", StringComparison.Ordinal));
        return devtmpfs
            ? new("/dev", Verdict.Fine, "the host's devtmpfs")
            : new("/dev", Verdict.Bad, "not the host's devtmpfs, so new /dev/uioN would not appear", "mount the host's /dev into the container (hostPath /dev)");
    }

    private static Finding Multipath()
    {
        if (!File.Exists("/run/multipathd.pid") && !Directory.Exists("/etc/multipath")) return new("multipath", Verdict.Fine, "not in use");
        var configured = Directory.Exists("/etc/multipath/conf.d") && Directory.EnumerateFiles("/etc/multipath/conf.d")
            .Any(f => File.ReadAllText(f).Contains("CSI-TCMU", StringComparison.Ordinal));
        return configured
            ? new("multipath", Verdict.Fine, "keeps off our disks")
            : new("multipath", Verdict.Weak, "in use and not told to keep off our disks", "install deploy/host/multipath-csi-tcmu.conf in /etc/multipath/conf.d and run multipathd reconfigure");
    }

    private static Finding DeviceManager()
    {
        const string Rules = "/etc/udev/rules.d/59-csi-tcmu.rules";
        if (!File.Exists("/run/udev/control")) return new("udev", Verdict.Fine, "not in sight of this process");
        return File.Exists(Rules)
            ? new("udev", Verdict.Fine, Rules)
            : new("udev", Verdict.Weak, "no rule keeps udev, LVM and desktop services off our disks", $"install deploy/host/59-csi-tcmu.rules as {Rules} and run udevadm control --reload");
    }
}

namespace CsiTcmu.Kernel.Tests;

/// <summary>
/// What tests may leave behind in a kernel: devices and targets in configfs, UIO devices, SCSI hosts and disks, mounts, loop and
/// device-mapper devices. Taken before and after, two states must be equal.
/// </summary>
public static class KernelState
{
    /// <summary>The present state, one sorted line per thing, ready for <c>Assert.Equal</c>.</summary>
    public static string[] Take() =>
    [
        .. Entries(Configfs.Core, "*", depth: 2),
        .. Entries(Configfs.Loopback, "naa.*", depth: 1),
        .. Entries("/sys/class/uio"),
        .. Entries("/sys/class/scsi_host"),
        .. Entries("/sys/class/scsi_device"),
        .. Entries("/sys/block", "sd*"),
        .. Entries("/sys/block", "dm-*"),
        .. Entries("/sys/block", "loop*").Where(device => Directory.Exists($"{device}/loop")),
        .. File.ReadLines("/proc/self/mountinfo").Select(line => $"mount {line.Split(' ')[4]}").Order(StringComparer.Ordinal),
    ];

    // The base's adapters hold attribute files besides devices; only directories are things of their own.
    private static IEnumerable<string> Entries(string folder, string pattern = "*", int depth = 1) =>
        Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, pattern)
                .Order(StringComparer.Ordinal)
                .SelectMany(entry => depth > 1 ? Entries(entry, "*", depth - 1).Prepend(entry) : [entry])
            : [];
}

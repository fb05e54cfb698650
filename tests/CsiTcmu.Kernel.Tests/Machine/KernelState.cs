namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Everything that a volume could leave behind: configfs, uio, mappings, SCSI hosts, mounts, and the files of a pool.</summary>
internal static class KernelState
{
    private const string Target = "/sys/kernel/config/target";

    /// <summary>A sorted list of what is there now; two equal lists mean that nothing was left behind.</summary>
    public static IReadOnlyList<string> Take(params string[] folders)
    {
        var state = new List<string>();
        state.AddRange(Entries(Target + "/core", "user_*").SelectMany(hba => Entries(hba, "*").Where(Directory.Exists)));
        state.AddRange(Entries(Target + "/loopback", "naa.*"));
        state.AddRange(Entries("/sys/class/uio", "*"));
        state.AddRange(Entries("/sys/class/block", "dm-*"));
        state.AddRange(Directory.EnumerateFiles("/dev", "uio*"));
        state.AddRange(Entries("/sys/class/scsi_host", "*"));
        state.AddRange(File.ReadLines("/proc/self/mountinfo").Select(line => "mount " + string.Join(' ', line.Split(' ')[3..5])));
        foreach (var folder in folders) state.AddRange(Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories));
        state.Sort(StringComparer.Ordinal);
        return state;
    }

    private static IEnumerable<string> Entries(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder, pattern) : [];
}

using System.Globalization;

namespace CsiTcmu.Volumes;

/// <summary>How many volumes can be on a node at once, by the limits of its kernel.</summary>
/// <param name="Volumes">Largest number.</param>
/// <param name="Reason">What sets it, for people.</param>
public sealed record AttachLimit(int Volumes, string Reason)
{
    // UIO_MAX_DEVICES of drivers/uio/uio.c; the 16 majors of drivers/scsi/sd.c, with 16 minors for a disk, come to the same number.
    private const long DeviceNumbers = 1 << 20;

    // The ring's descriptor and the image's; what the rest of the process has open.
    private const long FilesPerVolume = 2, OtherFiles = 512;

    // The ring, and memory of the disk's slots and buffers; what the rest of the process has mapped.
    private const long MapsPerVolume = 8, OtherMaps = 4096;

    // A SCSI host's requests (can_queue of tcm_loop is 1024) and what serves the disk, beside ring and data area.
    private const long OverheadMegabytes = 3;

    /// <summary>The limit of this machine and process.</summary>
    /// <param name="options">How disks are made.</param>
    /// <exception cref="IOException">The kernel does not say.</exception>
    public static AttachLimit Read(TcmuDiskOptions options) => Of(
        options,
        memory: Number(Line("/proc/meminfo", "MemTotal:"), 1) * 1024,
        files: Number(Line("/proc/self/limits", "Max open files"), 3),
        maps: Number(File.ReadAllText("/proc/sys/vm/max_map_count"), 0));

    /// <summary>The limit of a machine.</summary>
    /// <param name="options">How disks are made.</param>
    /// <param name="memory">Bytes of memory of the node.</param>
    /// <param name="files">Files that the process may have open.</param>
    /// <param name="maps">Mappings that the process may have.</param>
    public static AttachLimit Of(TcmuDiskOptions options, long memory, long files, long maps)
    {
        // Pages of rings and data areas are the kernel's, for good once used: no more than half of the memory shall ever be so.
        var megabytes = options.DataAreaMegabytes + options.CommandRingMegabytes + OverheadMegabytes;
        (long Volumes, string Reason)[] limits =
        [
            (DeviceNumbers, "device numbers of uio and sd"),
            (memory / 2 / (megabytes << 20), $"half of the memory, at {megabytes} MiB for a volume"),
            ((files - OtherFiles) / FilesPerVolume, $"{files} open files"),
            ((maps - OtherMaps) / MapsPerVolume, $"{maps} mappings (vm.max_map_count)"),
        ];
        var (volumes, reason) = limits.MinBy(limit => limit.Volumes);
        return new AttachLimit((int)Math.Max(1, volumes), reason);
    }

    private static string Line(string path, string start) => File.ReadLines(path).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))
        ?? throw new IOException($"{path} has no line '{start}'");

    private static long Number(string line, int word)
    {
        var words = line.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > word && string.Equals(words[word], "unlimited", StringComparison.Ordinal)) return long.MaxValue;
        return words.Length > word && long.TryParse(words[word], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new IOException($"'{line}' holds no number where one was expected");
    }
}

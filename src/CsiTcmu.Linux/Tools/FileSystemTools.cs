using System.Globalization;

namespace CsiTcmu.Linux.Tools;

/// <summary>What is on a device.</summary>
/// <param name="Blank">True when nothing of any kind was found.</param>
/// <param name="FileSystem">The file system, when that is all there is; else empty.</param>
/// <param name="Description">What was found, for messages.</param>
public sealed record DeviceContent(bool Blank, string FileSystem, string Description)
{
    /// <summary>blkid's name of a LUKS header.</summary>
    public const string Luks = "crypto_LUKS";

    /// <summary>True for an encrypted device.</summary>
    public bool Encrypted => string.Equals(Description, Luks, StringComparison.Ordinal);
}

/// <summary>blkid, mkfs, resize2fs, xfs_growfs, btrfs.</summary>
public static class FileSystemTools
{
    private const int End = 1 << 20; // every signature that is known lies in the first or last MiB

    // blkid(8), "EXIT STATUS".
    private const int BlkidFound = 0, BlkidNothing = 2, BlkidAmbivalent = 8;

    private const int CmpDifferent = 1;

    /// <summary>Looks at a device itself, never at a cache: it is blank when it has no signature and its first and last MiB are zeroes.</summary>
    /// <exception cref="IOException">blkid is missing, or the device cannot be read.</exception>
    public static async Task<DeviceContent> ProbeAsync(string device, CancellationToken cancellationToken = default)
    {
        var result = await Tool.RunAsync("blkid", ["-p", "-o", "export", device], cancellationToken: cancellationToken);
        return result.ExitCode switch
        {
            BlkidNothing => await DescribeEndsAsync(device, cancellationToken),
            BlkidAmbivalent => new DeviceContent(Blank: false, "", "several signatures that contradict each other"),
            BlkidFound => Describe(result.Output),
            _ => throw new IOException($"{device} cannot be examined: {result.Summary}"),
        };
    }

    /// <summary>Makes a file system. Whatever was on the device is lost.</summary>
    /// <param name="fileSystem">ext4, xfs or btrfs.</param>
    /// <param name="device">The device.</param>
    /// <param name="options">More words for mkfs.</param>
    /// <param name="cancellationToken">Ends mkfs.</param>
    /// <exception cref="IOException">mkfs is missing or failed; the message holds what it said.</exception>
    public static async Task MakeAsync(
        string fileSystem, string device, IReadOnlyList<string> options, CancellationToken cancellationToken = default)
    {
        // The tools ask before they overwrite; the caller has looked already. Discarding a sparse image is work for nothing.
        IReadOnlyList<string> words = fileSystem switch
        {
            "ext4" => ["-F", "-q", "-m", "0", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1", .. options, device],
            "xfs" => ["-f", "-q", "-K", .. options, device],
            "btrfs" => ["-f", "-q", "-K", .. options, device],
            _ => throw new ArgumentException($"no mkfs is known for {fileSystem}", nameof(fileSystem)),
        };
        var result = await Tool.RunAsync("mkfs." + fileSystem, words, cancellationToken: cancellationToken);
        if (result.ExitCode != 0) throw new IOException($"no {fileSystem} can be made on {device}: {result.Summary}");
    }

    /// <summary>Makes a mounted file system as large as its device. Success when it is already.</summary>
    /// <param name="fileSystem">ext4, xfs or btrfs.</param>
    /// <param name="device">The device.</param>
    /// <param name="mountPoint">Where it is mounted.</param>
    /// <param name="cancellationToken">Ends the tool.</param>
    /// <exception cref="IOException">The tool is missing or failed; the message holds what it said.</exception>
    public static async Task GrowAsync(string fileSystem, string device, string mountPoint, CancellationToken cancellationToken = default)
    {
        var result = fileSystem switch
        {
            "ext4" => await Tool.RunAsync("resize2fs", [device], cancellationToken: cancellationToken),
            "xfs" => await Tool.RunAsync("xfs_growfs", ["-d", mountPoint], cancellationToken: cancellationToken),
            "btrfs" => await Tool.RunAsync("btrfs", ["filesystem", "resize", "max", mountPoint], cancellationToken: cancellationToken),
            _ => throw new ArgumentException($"no tool is known that grows {fileSystem}", nameof(fileSystem)),
        };
        if (result.ExitCode != 0) throw new IOException($"the {fileSystem} on {device} cannot be grown: {result.Summary}");
    }

    /// <summary>blkid says "nothing" as well when it cannot open or read the device, so its ends are read, too.</summary>
    private static async Task<DeviceContent> DescribeEndsAsync(string device, CancellationToken cancellationToken)
    {
        var size = SizeOf(device);
        var length = Math.Min(End, size);
        foreach (var start in new[] { 0, size - length })
        {
            var result = await Tool.RunAsync("cmp", ["-s", "-n", Text(length), "-i", $"0:{Text(start)}", "/dev/zero", device], cancellationToken: cancellationToken);
            if (result.ExitCode == CmpDifferent) return new DeviceContent(Blank: false, "", "data without a signature");
            if (result.ExitCode != 0) throw new IOException($"{device} cannot be read at {start}: {result.Summary}");
        }

        return new DeviceContent(Blank: true, "", "nothing");

        static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static long SizeOf(string device)
    {
        // The file of sysfs is read without opening the device.
        const int sector = 512;
        var error = Syscalls.Status(device, out var status);
        if (error < 0) throw new IOException($"{device} cannot be examined: {Syscalls.Describe(error)}");
        if (status.Kind == FileKind.Regular) return status.Size;
        var sectors = File.ReadAllText($"/sys/class/block/{Path.GetFileName(device)}/size");
        var size = long.Parse(sectors, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * sector;
        return size > 0 ? size : throw new IOException($"{device} has no size.");
    }

    private static DeviceContent Describe(string export)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in export.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split('=', 2);
            if (parts.Length == 2) tags[parts[0]] = parts[1];
        }

        var type = tags.GetValueOrDefault("TYPE", "");
        if (tags.TryGetValue("PTTYPE", out var table))
            return new DeviceContent(Blank: false, "", type.Length > 0 ? $"a partition table ({table}) and {type}" : $"a partition table ({table})");
        return string.Equals(tags.GetValueOrDefault("USAGE"), "filesystem", StringComparison.Ordinal)
            ? new DeviceContent(Blank: false, type, $"a file system ({type})")
            : new DeviceContent(Blank: false, "", type.Length > 0 ? type : "something that has no name");
    }
}

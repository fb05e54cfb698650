namespace CsiTcmu.Linux.Mounts;

/// <summary>One mount, as a line of <c>/proc/self/mountinfo</c> says it (proc(5)).</summary>
public sealed record MountEntry
{
    /// <summary>The mount's number.</summary>
    public required int Id { get; init; }

    /// <summary>Number of the mount that it lies on.</summary>
    public required int Parent { get; init; }

    /// <summary>The file system's number, as <c>stat(2)</c> gives it: that of its block device, but for btrfs.</summary>
    public required DeviceNumber Device { get; init; }

    /// <summary>
    /// The block device that the file system is on. btrfs numbers its file systems by itself; its device is found by its node, and is the file
    /// system's own number when that node is gone.
    /// </summary>
    public DeviceNumber Disk => IsBtrfs && Syscalls.Status(Source, out var node) == 0 && node.Kind == FileKind.BlockDevice ? node.Device : Device;

    /// <summary>True for btrfs.</summary>
    public bool IsBtrfs => string.Equals(FileSystem, "btrfs", StringComparison.Ordinal);

    /// <summary>What of the file system is seen: <c>/</c>, or the path of a bind mount's source in it.</summary>
    public required string Root { get; init; }

    /// <summary>Where it is mounted.</summary>
    public required string Target { get; init; }

    /// <summary>Options of this mount: <c>rw,nosuid,relatime</c>.</summary>
    public required string Options { get; init; }

    /// <summary>Type of the file system.</summary>
    public required string FileSystem { get; init; }

    /// <summary>What was mounted.</summary>
    public required string Source { get; init; }

    /// <summary>Options of the file system.</summary>
    public required string SuperOptions { get; init; }

    /// <summary>Flags that are kept per mount.</summary>
    public MountFlags Flags => MountOptions.PrintedPerMount(Options);

    /// <summary>Flags that are kept per file system.</summary>
    public MountFlags SuperFlags => MountOptions.PrintedPerFileSystem(SuperOptions);
}

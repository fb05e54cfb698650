namespace CsiTcmu.Linux.Mounts;

/// <summary>One mount, as a line of <c>/proc/self/mountinfo</c> says it (proc(5)).</summary>
public sealed record MountEntry
{
    /// <summary>The mount's number.</summary>
    public required int Id { get; init; }

    /// <summary>Number of the mount that it lies on.</summary>
    public required int Parent { get; init; }

    /// <summary>Device of the file system.</summary>
    public required DeviceNumber Device { get; init; }

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

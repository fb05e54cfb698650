namespace CsiTcmu.Volumes;

/// <summary>CSI access modes (the specification's numbers).</summary>
public enum AccessMode
{
    /// <summary>Not said.</summary>
    Unknown = 0,

    /// <summary>Read and write on one node.</summary>
    SingleNodeWriter = 1,

    /// <summary>Read-only on one node.</summary>
    SingleNodeReaderOnly = 2,

    /// <summary>Read-only on many nodes.</summary>
    MultiNodeReaderOnly = 3,

    /// <summary>One writer, many readers, on many nodes.</summary>
    MultiNodeSingleWriter = 4,

    /// <summary>Many writers on many nodes.</summary>
    MultiNodeMultiWriter = 5,

    /// <summary>One workload on one node.</summary>
    SingleNodeSingleWriter = 6,

    /// <summary>Many workloads on one node.</summary>
    SingleNodeMultiWriter = 7,
}

/// <summary>How a volume is wanted on the node.</summary>
public sealed record VolumeUse
{
    /// <summary>Raw block instead of a mounted file system.</summary>
    public bool Block { get; init; }

    /// <summary>File system by the volume capability; empty for the volume's own.</summary>
    public string FileSystem { get; init; } = "";

    /// <summary>Mount options.</summary>
    public IReadOnlyList<string> MountFlags { get; init; } = [];

    /// <summary>Access mode.</summary>
    public AccessMode AccessMode { get; init; } = AccessMode.SingleNodeWriter;

    /// <summary>Secrets of the call.</summary>
    public VolumeSecrets Secrets { get; init; } = VolumeSecrets.None;
}

/// <summary>Use of a mounted or raw volume. Inodes are zero for raw block.</summary>
/// <param name="TotalBytes">Size.</param>
/// <param name="UsedBytes">In use; zero for raw block.</param>
/// <param name="AvailableBytes">Free for ordinary users; zero for raw block.</param>
/// <param name="TotalInodes">Inodes in all.</param>
/// <param name="UsedInodes">Inodes in use.</param>
/// <param name="AvailableInodes">Inodes free.</param>
/// <param name="Block">True for raw block.</param>
public readonly record struct VolumeStatistics(
    long TotalBytes,
    long UsedBytes,
    long AvailableBytes,
    long TotalInodes,
    long UsedInodes,
    long AvailableInodes,
    bool Block);

/// <summary>
/// Volumes as the CSI node service sees them. Every call can be repeated and picks up where it stopped; failures are
/// <see cref="VolumeException"/>.
/// </summary>
public interface INodeVolumes
{
    /// <summary>This node's id.</summary>
    string NodeId { get; }

    /// <summary>How many volumes can be attached at once; 0 when no limit is named.</summary>
    int MaximumVolumes { get; }

    /// <summary>
    /// Makes the disk, checks its identity and, unless raw block, formats it when blank and mounts it at <paramref name="stagingPath"/>.
    /// </summary>
    Task StageAsync(string id, string stagingPath, VolumeUse use, CancellationToken cancellationToken);

    /// <summary>Unmounts and removes the disk. Success when there is nothing to undo.</summary>
    Task UnstageAsync(string id, string stagingPath, CancellationToken cancellationToken);

    /// <summary>Binds the staged file system, or the disk's device node, to <paramref name="targetPath"/>, which is created.</summary>
    Task PublishAsync(string id, string stagingPath, string targetPath, VolumeUse use, bool readOnly, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a volume that lives as long as its pod, formats it and mounts it at <paramref name="targetPath"/>, which is created. Whatever a refused call
    /// has made is undone; what holds data is kept.
    /// </summary>
    /// <param name="id">The caller's id. No other call but that for publishing, unpublishing and statistics finds the volume by it.</param>
    /// <param name="targetPath">Where it is mounted.</param>
    /// <param name="use">How it is used; never raw block.</param>
    /// <param name="context">Parameters of a storage class, <c>size</c>, and what the orchestrator tells of the pod.</param>
    /// <param name="readOnly">True for a read-only mount.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    Task PublishEphemeralAsync(
        string id, string targetPath, VolumeUse use, IReadOnlyDictionary<string, string> context, bool readOnly, CancellationToken cancellationToken);

    /// <summary>Unmounts and removes <paramref name="targetPath"/>, and all of an ephemeral volume. Success when there is nothing to undo.</summary>
    Task UnpublishAsync(string id, string targetPath, CancellationToken cancellationToken);

    /// <summary>Makes disk, mapping and file system as large as the volume. Works from the staging path or a target path.</summary>
    /// <returns>Size in bytes.</returns>
    Task<long> ExpandAsync(string id, string volumePath, SizeRange size, VolumeSecrets secrets, CancellationToken cancellationToken);

    /// <summary>Use of the volume at that path; <see cref="VolumeError.NotFound"/> when it is not there. Never hangs.</summary>
    Task<VolumeStatistics> GetStatisticsAsync(string id, string volumePath, CancellationToken cancellationToken);
}

namespace CsiTcmu.Volumes;

/// <summary>A size wish: bytes, zero where not given.</summary>
/// <param name="Required">At least this.</param>
/// <param name="Limit">At most this.</param>
public readonly record struct SizeRange(long Required, long Limit);

/// <summary>What a volume's bytes come from.</summary>
public enum VolumeSourceKind
{
    /// <summary>A snapshot.</summary>
    Snapshot,

    /// <summary>Another volume.</summary>
    Volume,
}

/// <summary>A snapshot or volume that a volume's bytes come from; it may be gone since.</summary>
/// <param name="Kind">Which of the two.</param>
/// <param name="Id">Its id.</param>
public sealed record VolumeSource(VolumeSourceKind Kind, string Id);

/// <summary>What a new volume shall be. Identical wishes name the identical volume.</summary>
public sealed record VolumeWish
{
    /// <summary>The caller's name for it, 1 to 128 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>Size wish.</summary>
    public SizeRange Size { get; init; }

    /// <summary>Parameters as given.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Parameters that can be changed later; they take precedence over <see cref="Parameters"/>.</summary>
    public IReadOnlyDictionary<string, string> MutableParameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>True when a raw block volume is asked for.</summary>
    public bool Block { get; init; }

    /// <summary>File system asked for by the volume capability; empty when not said.</summary>
    public string FileSystem { get; init; } = "";

    /// <summary>What its bytes come from; null for an empty volume.</summary>
    public VolumeSource? Source { get; init; }

    /// <summary>Nodes that it may be on; null for any. The volumes of one node do not ask.</summary>
    public NodeChoice? Nodes { get; init; }
}

/// <summary>A volume as the catalogue knows it.</summary>
public sealed record Volume
{
    /// <summary>The volume id: 1 to 128 characters of a-z, 0-9, dash and dot.</summary>
    public required string Id { get; init; }

    /// <summary>The name that it was created under.</summary>
    public required string Name { get; init; }

    /// <summary>Node that holds the image; empty for this one.</summary>
    public string Node { get; init; } = "";

    /// <summary>Pool that holds the image.</summary>
    public required string Pool { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Logical block size in bytes.</summary>
    public required int BlockSize { get; init; }

    /// <summary>True when it was made for raw block.</summary>
    public bool Block { get; init; }

    /// <summary>True when what is stored is encrypted, and the node needs the passphrase to stage and grow it.</summary>
    public bool Encrypted { get; init; }

    /// <summary>File system that a mounted volume is formatted with: ext4, xfs or btrfs.</summary>
    public required string FileSystem { get; init; }

    /// <summary>Extra words for mkfs; empty for none.</summary>
    public string MkfsOptions { get; init; } = "";

    /// <summary>Parameters as given at creation.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Mutable parameters as they are now.</summary>
    public IReadOnlyDictionary<string, string> MutableParameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What its bytes came from; null when it was made empty.</summary>
    public VolumeSource? Source { get; init; }

    /// <summary>World wide name of the disk: 32 lower-case hexadecimal digits, NAA type 6.</summary>
    public required string Wwid { get; init; }
}

/// <summary>One page of volumes.</summary>
/// <param name="Volumes">Ordered by id.</param>
/// <param name="NextToken">Token of the next page; empty at the end.</param>
public sealed record VolumePage(IReadOnlyList<Volume> Volumes, string NextToken);

/// <summary>Room for new volumes.</summary>
/// <param name="Available">Bytes that new volumes can be promised, in all pools that may have them together.</param>
/// <param name="MaximumVolumeSize">Largest volume that can be created, bytes.</param>
/// <param name="MinimumVolumeSize">Smallest volume, bytes.</param>
public readonly record struct Room(long Available, long MaximumVolumeSize, long MinimumVolumeSize);

/// <summary>
/// Volumes as the CSI controller service sees them. Every call can be repeated and picks up where it stopped; failures are
/// <see cref="VolumeException"/>. An operation on a volume on which another is under way answers <see cref="VolumeError.Aborted"/>.
/// </summary>
public interface IVolumeCatalogue
{
    /// <summary>
    /// Makes the volume, or returns the one that was made for the same wish. <see cref="VolumeError.NotFound"/> when its source is not there,
    /// <see cref="VolumeError.OutOfRange"/> when it would be smaller than its source.
    /// </summary>
    Task<Volume> CreateAsync(VolumeWish wish, CancellationToken cancellationToken);

    /// <summary>Deletes the volume; an unknown id is success. <see cref="VolumeError.FailedPrecondition"/> while it is in use on the node.</summary>
    Task DeleteAsync(string id, CancellationToken cancellationToken);

    /// <summary>Grows the volume's image and, when its disk is present, the disk. A size at or below the current one is success.</summary>
    Task<Volume> ExpandAsync(string id, SizeRange size, CancellationToken cancellationToken);

    /// <summary>
    /// Changes mutable parameters, of a volume in use as well; those that are not given stay. <see cref="VolumeError.InvalidArgument"/>
    /// for a key or value that is not known, which changes nothing.
    /// </summary>
    Task<Volume> ModifyAsync(string id, IReadOnlyDictionary<string, string> mutableParameters, CancellationToken cancellationToken);

    /// <summary>The volume, or <see cref="VolumeError.NotFound"/>.</summary>
    Task<Volume> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>A page of volumes. A bad token is <see cref="VolumeError.Aborted"/>; <paramref name="maximum"/> 0 means all.</summary>
    Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken);

    /// <summary>Room for volumes with these parameters.</summary>
    /// <param name="parameters">As for a creation.</param>
    /// <param name="fileSystem">File system that the volume capability names; empty when not said.</param>
    /// <param name="block">True for raw block volumes.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    Task<Room> GetRoomAsync(IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken);
}

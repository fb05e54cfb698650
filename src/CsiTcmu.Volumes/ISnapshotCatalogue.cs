namespace CsiTcmu.Volumes;

/// <summary>What a new snapshot shall be. Identical wishes name the identical snapshot.</summary>
public sealed record SnapshotWish
{
    /// <summary>The caller's name for it, 1 to 128 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>The volume.</summary>
    public required string SourceVolumeId { get; init; }

    /// <summary>Parameters as given.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>What a new group of snapshots shall be. Identical wishes name the identical group.</summary>
public sealed record GroupWish
{
    /// <summary>The caller's name for it, 1 to 128 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>The volumes, in any order, each once.</summary>
    public required IReadOnlyList<string> SourceVolumeIds { get; init; }

    /// <summary>Parameters as given.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>A snapshot as the catalogue knows it. It is whole and ready to use.</summary>
public sealed record Snapshot
{
    /// <summary>The snapshot id, of the form of a volume id.</summary>
    public required string Id { get; init; }

    /// <summary>The name that it was created under; for a member of a group, its id.</summary>
    public required string Name { get; init; }

    /// <summary>Node that holds the image; empty for this one.</summary>
    public string Node { get; init; } = "";

    /// <summary>Pool that holds the image.</summary>
    public required string Pool { get; init; }

    /// <summary>The volume that it is a copy of; that volume may be gone.</summary>
    public required string SourceVolumeId { get; init; }

    /// <summary>Size in bytes: the smallest that a volume made from it can have.</summary>
    public required long Size { get; init; }

    /// <summary>The moment of the copy.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The group that it belongs to; empty for none.</summary>
    public string GroupId { get; init; } = "";
}

/// <summary>Snapshots of several volumes, taken at one instant.</summary>
public sealed record SnapshotGroup
{
    /// <summary>The group's id, of the form of a volume id.</summary>
    public required string Id { get; init; }

    /// <summary>The name that it was created under.</summary>
    public required string Name { get; init; }

    /// <summary>The instant.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its snapshots, by volume id.</summary>
    public required IReadOnlyList<Snapshot> Snapshots { get; init; }
}

/// <summary>Which snapshots are asked for; empty fields ask for all.</summary>
/// <param name="Id">The one of that id.</param>
/// <param name="SourceVolumeId">Those of that volume.</param>
public readonly record struct SnapshotFilter(string Id, string SourceVolumeId);

/// <summary>One page of snapshots.</summary>
/// <param name="Snapshots">Ordered by id.</param>
/// <param name="NextToken">Token of the next page; empty at the end.</param>
public sealed record SnapshotPage(IReadOnlyList<Snapshot> Snapshots, string NextToken);

/// <summary>
/// Snapshots as the CSI controller and group controller services see them. Every call can be repeated and picks up where it stopped; failures are
/// <see cref="VolumeException"/>. An operation on a volume or snapshot on which another is under way answers <see cref="VolumeError.Aborted"/>.
/// </summary>
public interface ISnapshotCatalogue
{
    /// <summary>
    /// Takes the snapshot, or returns the one that was taken for the same wish. <see cref="VolumeError.AlreadyExists"/> when the name is that of a
    /// snapshot of another volume; <see cref="VolumeError.NotFound"/> when there is no such volume.
    /// </summary>
    Task<Snapshot> CreateSnapshotAsync(SnapshotWish wish, CancellationToken cancellationToken);

    /// <summary>Deletes the snapshot; an unknown id is success. <see cref="VolumeError.InvalidArgument"/> for a member of a group.</summary>
    Task DeleteSnapshotAsync(string id, CancellationToken cancellationToken);

    /// <summary>The snapshot, or <see cref="VolumeError.NotFound"/>.</summary>
    Task<Snapshot> GetSnapshotAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// A page of snapshots; what is asked for and is not there is an empty page. A bad token is <see cref="VolumeError.Aborted"/>;
    /// <paramref name="maximum"/> 0 means all.
    /// </summary>
    Task<SnapshotPage> ListSnapshotsAsync(SnapshotFilter filter, int maximum, string token, CancellationToken cancellationToken);

    /// <summary>Takes snapshots of several volumes at one instant, all or none, or returns the group that was taken for the same wish.</summary>
    Task<SnapshotGroup> CreateGroupAsync(GroupWish wish, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the group with all its snapshots; an unknown id is success. <see cref="VolumeError.InvalidArgument"/> when
    /// <paramref name="snapshotIds"/> is not empty and names others than its snapshots.
    /// </summary>
    Task DeleteGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken);

    /// <summary>The group, or <see cref="VolumeError.NotFound"/>; <paramref name="snapshotIds"/> as for <see cref="DeleteGroupAsync"/>.</summary>
    Task<SnapshotGroup> GetGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken);
}

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>
/// Snapshots of several volumes of one node at one instant: wished for by the controller, taken by the agent of the node. Its name is the
/// group's id of CSI. The snapshots have no resources of their own: they come and go with the group.
/// </summary>
public sealed record TcmuSnapshotGroup : INodeResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; } = Kinds.GroupVersion;

    /// <inheritdoc/>
    public string? Kind { get; init; } = nameof(TcmuSnapshotGroup);

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What it shall be.</summary>
    public required TcmuSnapshotGroupSpec Spec { get; init; }

    /// <summary>What it is.</summary>
    public TcmuSnapshotGroupStatus? Status { get; init; }

    string INodeResource.Node => Spec.Node;

    ResourceStatus? INodeResource.Status => Status;

    bool INodeResource.IsMade => IsTaken;

    /// <summary>True once it has been taken; then it is never taken again.</summary>
    internal bool IsTaken => Status?.TakenTime is not null;
}

/// <summary>What a group shall be. It stays as it was created.</summary>
public sealed record TcmuSnapshotGroupSpec
{
    /// <summary>The node that has the volumes.</summary>
    public required string Node { get; init; }

    /// <summary>The volumes, in order; they may be gone since.</summary>
    public required List<string> Volumes { get; init; }

    /// <summary>The name that CSI gave, when the resource's own name cannot be that.</summary>
    public string? CsiName { get; init; }

    /// <summary>Parameters of the VolumeGroupSnapshotClass.</summary>
    public Dictionary<string, string>? Parameters { get; init; }

    /// <summary>The VolumeGroupSnapshot that it is for.</summary>
    public SnapshotReference? Snapshot { get; init; }
}

/// <summary>What a group is, by its agent.</summary>
public sealed record TcmuSnapshotGroupStatus : ResourceStatus
{
    /// <summary>The instant; set once it has been taken.</summary>
    public DateTimeOffset? TakenTime { get; init; }

    /// <summary>Its snapshots.</summary>
    public List<TcmuGroupMember>? Snapshots { get; init; }
}

/// <summary>A snapshot of a group.</summary>
public sealed record TcmuGroupMember
{
    /// <summary>Its id.</summary>
    public required string Name { get; init; }

    /// <summary>Its volume.</summary>
    public required string Volume { get; init; }

    /// <summary>The pool that holds it.</summary>
    public required string Pool { get; init; }

    /// <summary>Its size.</summary>
    public Quantity Size { get; init; }
}

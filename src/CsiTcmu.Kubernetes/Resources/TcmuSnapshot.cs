namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A snapshot: wished for by the controller, taken by the agent of the node that has its volume. Its name is the snapshot id of CSI.</summary>
public sealed record TcmuSnapshot : INodeResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; } = Kinds.GroupVersion;

    /// <inheritdoc/>
    public string? Kind { get; init; } = nameof(TcmuSnapshot);

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What it shall be.</summary>
    public required TcmuSnapshotSpec Spec { get; init; }

    /// <summary>What it is.</summary>
    public TcmuSnapshotStatus? Status { get; init; }

    string INodeResource.Node => Spec.Node;

    ResourceStatus? INodeResource.Status => Status;

    bool INodeResource.IsMade => IsTaken;

    /// <summary>True once it has been taken; then it is never taken again.</summary>
    internal bool IsTaken => Status?.TakenTime is not null;
}

/// <summary>What a snapshot shall be. It stays as it was created.</summary>
public sealed record TcmuSnapshotSpec
{
    /// <summary>The node that has the volume.</summary>
    public required string Node { get; init; }

    /// <summary>The pool that has the volume.</summary>
    public required string Pool { get; init; }

    /// <summary>The volume; it may be gone since.</summary>
    public required string Volume { get; init; }

    /// <summary>The name that CSI gave, when the resource's own name cannot be that.</summary>
    public string? CsiName { get; init; }

    /// <summary>Parameters of the VolumeSnapshotClass.</summary>
    public Dictionary<string, string>? Parameters { get; init; }

    /// <summary>The VolumeSnapshot that it is for.</summary>
    public SnapshotReference? Snapshot { get; init; }
}

/// <summary>A VolumeSnapshot or VolumeGroupSnapshot.</summary>
public sealed record SnapshotReference
{
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The one that parameters of CSI name; null when they name none.</summary>
    /// <param name="parameters">As csi-snapshotter gives them with <c>--extra-create-metadata</c>.</param>
    /// <param name="kind"><c>volumesnapshot</c> or <c>volumegroupsnapshot</c>.</param>
    internal static SnapshotReference? Of(IReadOnlyDictionary<string, string> parameters, string kind) =>
        parameters.TryGetValue($"csi.storage.k8s.io/{kind}/namespace", out var scope) && parameters.TryGetValue($"csi.storage.k8s.io/{kind}/name", out var name)
            ? new() { Namespace = scope, Name = name }
            : null;
}

/// <summary>What a snapshot is, by its agent.</summary>
public sealed record TcmuSnapshotStatus : ResourceStatus
{
    /// <summary>Size: the smallest that a volume made from it can have.</summary>
    public Quantity? Size { get; init; }

    /// <summary>The moment that it shows; set once it has been taken.</summary>
    public DateTimeOffset? TakenTime { get; init; }
}

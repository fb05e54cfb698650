using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A volume: wished for by the controller, made by the agent of its node. Its name is the volume id of CSI.</summary>
public sealed record TcmuVolume : INodeResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; } = Kinds.GroupVersion;

    /// <inheritdoc/>
    public string? Kind { get; init; } = nameof(TcmuVolume);

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What it shall be.</summary>
    public required TcmuVolumeSpec Spec { get; init; }

    /// <summary>What it is.</summary>
    public TcmuVolumeStatus? Status { get; init; }

    string INodeResource.Node => Spec.Node;

    ResourceStatus? INodeResource.Status => Status;

    bool INodeResource.IsMade => IsMade;

    /// <summary>True once the image has been made; then it is never made again.</summary>
    internal bool IsMade => Status?.Wwid is not null;

    /// <summary>The claim, as events name it; null for a volume without one. The provisioner names volumes by the claim's uid.</summary>
    internal ObjectReference? Claim => Spec.Claim is not { } claim ? null : new ObjectReference
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Namespace = claim.Namespace,
        Name = claim.Name,
        Uid = ClaimUid,
    };

    /// <summary>Uid of the claim, when the volume's name tells it.</summary>
    internal string? ClaimUid
    {
        get
        {
            const string prefix = "pvc-";
            var name = Metadata.Name;
            return name.StartsWith(prefix, StringComparison.Ordinal) && Guid.TryParseExact(name[prefix.Length..], "D", out _) ? name[prefix.Length..] : null;
        }
    }
}

/// <summary>What a volume shall be. Everything but the size and the mutable parameters stays as it was created.</summary>
public sealed record TcmuVolumeSpec
{
    /// <summary>The node that holds the image.</summary>
    public required string Node { get; init; }

    /// <summary>The pool that holds the image.</summary>
    public required string Pool { get; init; }

    /// <summary>The name that CSI gave, when the resource's own name cannot be that.</summary>
    public string? CsiName { get; init; }

    /// <summary>Size; it grows only.</summary>
    public required Quantity Size { get; init; }

    /// <summary><c>Filesystem</c> or <c>Block</c>.</summary>
    public string VolumeMode { get; init; } = FilesystemMode;

    /// <summary>File system asked for by the volume capability; null when not said.</summary>
    public string? FileSystem { get; init; }

    /// <summary>Parameters of the StorageClass.</summary>
    public Dictionary<string, string>? Parameters { get; init; }

    /// <summary>Parameters of the VolumeAttributesClass, as they shall be now.</summary>
    public Dictionary<string, string>? MutableParameters { get; init; }

    /// <summary>What its bytes come from; null for an empty volume.</summary>
    public SourceReference? Source { get; init; }

    /// <summary>The claim that it is for.</summary>
    public ClaimReference? Claim { get; init; }

    internal const string FilesystemMode = "Filesystem";
    internal const string BlockMode = "Block";

    /// <summary>True for raw block.</summary>
    internal bool IsBlock => string.Equals(VolumeMode, BlockMode, StringComparison.Ordinal);
}

/// <summary>A PersistentVolumeClaim.</summary>
public sealed record ClaimReference
{
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>What the bytes of a volume come from; it may be gone since.</summary>
public sealed record SourceReference
{
    /// <summary><c>Snapshot</c> or <c>Volume</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its id.</summary>
    public required string Name { get; init; }

    internal static SourceReference? Of(VolumeSource? source) => source is null ? null : new() { Kind = source.Kind.ToString(), Name = source.Id };

    internal VolumeSource ToSource() => new(Enum.Parse<VolumeSourceKind>(Kind), Name);
}

/// <summary>What a volume is, by its agent.</summary>
public sealed record TcmuVolumeStatus : ResourceStatus
{
    /// <summary>Size of the image as promised.</summary>
    public Quantity? Size { get; init; }

    /// <summary>Logical block size in bytes.</summary>
    public int? BlockSize { get; init; }

    /// <summary>File system that the volume is formatted with.</summary>
    public string? FileSystem { get; init; }

    /// <summary>World wide name of the disk; set once the image has been made.</summary>
    public string? Wwid { get; init; }

    /// <summary>Mutable parameters in force.</summary>
    public Dictionary<string, string>? MutableParameters { get; init; }

    /// <summary>When the image was made, by the clock of the node.</summary>
    public DateTimeOffset? MadeTime { get; init; }

    /// <summary>What is wrong with the volume; null for nothing.</summary>
    public List<VolumeTrouble>? Health { get; init; }
}

/// <summary>Something that is wrong with a volume.</summary>
public sealed record VolumeTrouble
{
    /// <summary><c>Degraded</c>, <c>Inaccessible</c> or <c>DataLoss</c>.</summary>
    public required string Status { get; init; }

    /// <summary>One word in CamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    public required string Message { get; init; }

    internal static List<VolumeTrouble>? Of(IReadOnlyList<HealthEntry> entries) => entries.Count == 0
        ? null
        : [.. entries.Select(entry => new VolumeTrouble { Status = entry.Status.ToString(), Reason = entry.Reason, Message = entry.Message })];

    internal HealthEntry ToEntry() => new(Enum.TryParse<HealthStatus>(Status, out var status) ? status : HealthStatus.Degraded, Reason, Message);
}

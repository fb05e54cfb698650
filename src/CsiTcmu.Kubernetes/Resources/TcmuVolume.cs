using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A volume: wished for by the controller, made by the agent of its node. Its name is the volume id of CSI.</summary>
public sealed record TcmuVolume : IResource
{
    /// <summary>Keeps the resource until the agent has removed the image.</summary>
    public const string Finalizer = "csi-tcmu.io/image";

    /// <summary>Carries the node's name, so that each agent watches its own.</summary>
    public const string NodeLabel = "csi-tcmu.io/node";

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

    /// <summary>True once the image has been made; then it is never made again.</summary>
    internal bool IsMade => Status?.Wwid is not null;

    /// <summary>True when deletion was asked for.</summary>
    internal bool IsLeaving => Metadata.DeletionTimestamp is not null;

    /// <summary>The agent's answer to the specification as it is now; null while there is none.</summary>
    internal ResourceError? CurrentError => IsCurrent ? Status!.Error : null;

    /// <summary>True when the agent has seen the specification as it is now.</summary>
    internal bool IsCurrent => Status?.ObservedGeneration is { } observed && observed >= (Metadata.Generation ?? 0);
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

/// <summary>What a volume is, by its agent.</summary>
public sealed record TcmuVolumeStatus
{
    /// <summary>For people: <c>Pending</c>, <c>Ready</c>, <c>Failed</c>, <c>Deleting</c>.</summary>
    public string Phase { get; init; } = "Pending";

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

    /// <summary>Generation of the specification that the agent has dealt with.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public ResourceError? Error { get; init; }

    /// <summary>Conditions: <c>Ready</c>.</summary>
    public List<Condition>? Conditions { get; init; }
}

/// <summary>A failure: a code that programs read and a sentence for people.</summary>
public sealed record ResourceError
{
    /// <summary>Name of a <see cref="VolumeError"/>.</summary>
    public required string Code { get; init; }

    /// <summary>Names the thing and the fix.</summary>
    public required string Message { get; init; }

    /// <summary>The failure of a volume.</summary>
    internal static ResourceError Of(VolumeException failure) => new() { Code = failure.Error.ToString(), Message = failure.Message };

    /// <summary>The failure as the callers of volumes know it; a code that this version does not know may be mended by asking again.</summary>
    internal VolumeException ToException() =>
        new(Enum.TryParse<VolumeError>(Code, out var error) && Enum.IsDefined(error) ? error : VolumeError.Unavailable, Message);
}

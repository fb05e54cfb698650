namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A PersistentVolume: of it only what volume it stands for.</summary>
public sealed record PersistentVolume : IResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; }

    /// <inheritdoc/>
    public string? Kind { get; init; }

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What it is.</summary>
    public PersistentVolumeSpec? Spec { get; init; }
}

/// <summary>The specification of a PersistentVolume.</summary>
public sealed record PersistentVolumeSpec
{
    /// <summary>The volume, when it is one of a CSI driver.</summary>
    public CsiVolumeReference? Csi { get; init; }
}

/// <summary>A volume of a CSI driver.</summary>
public sealed record CsiVolumeReference
{
    /// <summary>The driver.</summary>
    public string? Driver { get; init; }

    /// <summary>The volume id.</summary>
    public string? VolumeHandle { get; init; }
}

/// <summary>A PersistentVolumeClaim: of it only whether it is there.</summary>
public sealed record PersistentVolumeClaim : IResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; }

    /// <inheritdoc/>
    public string? Kind { get; init; }

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }
}

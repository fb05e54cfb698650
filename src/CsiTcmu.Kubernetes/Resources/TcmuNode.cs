namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A node that runs the driver, as its agent reports it. Named as the node.</summary>
public sealed record TcmuNode : IResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; } = Kinds.GroupVersion;

    /// <inheritdoc/>
    public string? Kind { get; init; } = nameof(TcmuNode);

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What it is.</summary>
    public TcmuNodeStatus? Status { get; init; }
}

/// <summary>What a node is.</summary>
public sealed record TcmuNodeStatus
{
    /// <summary>When this was written, by the clock of the node. Old: the agent is gone, or cut off from the API server.</summary>
    public DateTimeOffset Heartbeat { get; init; }

    /// <summary>Version of the driver.</summary>
    public string? DriverVersion { get; init; }

    /// <summary>Version of the kernel.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>Volumes in all pools.</summary>
    public int Volumes { get; init; }

    /// <summary>Bytes that new volumes can be promised, all pools together.</summary>
    public Quantity? Available { get; init; }

    /// <summary>The pools.</summary>
    public List<TcmuPoolStatus>? Pools { get; init; }

    /// <summary>Images in the pools that no resource names: ids of volumes, and <c>snapshots/</c> before those of snapshots. They are kept; an administrator decides.</summary>
    public List<string>? Orphans { get; init; }

    /// <summary>Where the driver tells the blocks of snapshots to the controller; null for nowhere.</summary>
    public string? BlocksEndpoint { get; init; }

    /// <summary>Conditions: <c>Ready</c>.</summary>
    public List<Condition>? Conditions { get; init; }

    /// <summary>True when volumes can be made here.</summary>
    internal bool IsReady => Conditions?.Any(condition => condition is { Type: "Ready", IsTrue: true }) == true;
}

/// <summary>A pool of a node.</summary>
public sealed record TcmuPoolStatus
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>True when it answers.</summary>
    public bool Ready { get; init; }

    /// <summary>Why it does not answer.</summary>
    public string? Message { get; init; }

    /// <summary>Bytes that new volumes can be promised.</summary>
    public Quantity Available { get; init; }

    /// <summary>Largest volume that can be made.</summary>
    public Quantity MaximumVolumeSize { get; init; }
}

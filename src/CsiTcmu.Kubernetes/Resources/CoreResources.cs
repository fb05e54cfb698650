namespace CsiTcmu.Kubernetes.Resources;

/// <summary>A node of the cluster: of it only what the start-up taint needs.</summary>
public sealed record CoreNode : IResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; }

    /// <inheritdoc/>
    public string? Kind { get; init; }

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What it shall be.</summary>
    public CoreNodeSpec? Spec { get; init; }
}

/// <summary>The specification of a node.</summary>
public sealed record CoreNodeSpec
{
    /// <summary>What keeps pods away.</summary>
    public List<Taint>? Taints { get; init; }
}

/// <summary>A taint of a node.</summary>
public sealed record Taint
{
    /// <summary>Its key.</summary>
    public required string Key { get; init; }

    /// <summary>Its value.</summary>
    public string? Value { get; init; }

    /// <summary>What it does: <c>NoSchedule</c>, <c>PreferNoSchedule</c>, <c>NoExecute</c>.</summary>
    public required string Effect { get; init; }

    /// <summary>When it was set.</summary>
    public DateTimeOffset? TimeAdded { get; init; }
}

/// <summary>The drivers that are registered on a node.</summary>
public sealed record CsiNode : IResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; }

    /// <inheritdoc/>
    public string? Kind { get; init; }

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>The drivers.</summary>
    public CsiNodeSpec? Spec { get; init; }
}

/// <summary>The specification of a CSINode.</summary>
public sealed record CsiNodeSpec
{
    /// <summary>The drivers.</summary>
    public List<CsiNodeDriver>? Drivers { get; init; }
}

/// <summary>A registered driver.</summary>
public sealed record CsiNodeDriver
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>An event: something that people shall see beside an object.</summary>
public sealed record CoreEvent : IResource
{
    /// <inheritdoc/>
    public string? ApiVersion { get; init; } = "v1";

    /// <inheritdoc/>
    public string? Kind { get; init; } = "Event";

    /// <inheritdoc/>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>The object.</summary>
    public required ObjectReference InvolvedObject { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public required string Type { get; init; }

    /// <summary>One word in CamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>The sentence.</summary>
    public required string Message { get; init; }

    /// <summary>Who says it.</summary>
    public EventSource? Source { get; init; }

    /// <summary>How often it was said.</summary>
    public int? Count { get; init; }

    /// <summary>First time.</summary>
    public DateTimeOffset? FirstTimestamp { get; init; }

    /// <summary>Last time.</summary>
    public DateTimeOffset? LastTimestamp { get; init; }
}

/// <summary>Names an object.</summary>
public sealed record ObjectReference
{
    /// <summary>Group and version.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Namespace; null for what has none.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Uid.</summary>
    public string? Uid { get; init; }

    /// <summary>Names that object.</summary>
    internal static ObjectReference To(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return new ObjectReference
        {
            ApiVersion = resource.ApiVersion,
            Kind = resource.Kind ?? "",
            Namespace = resource.Metadata.Namespace,
            Name = resource.Metadata.Name,
            Uid = resource.Metadata.Uid,
        };
    }
}

/// <summary>Who made an event.</summary>
public sealed record EventSource
{
    /// <summary>The program.</summary>
    public required string Component { get; init; }

    /// <summary>The node.</summary>
    public string? Host { get; init; }
}

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>An object of the API server.</summary>
public interface IResource
{
    /// <summary>Group and version: <c>csi-tcmu.io/v1alpha1</c>.</summary>
    string? ApiVersion { get; }

    /// <summary>Kind: <c>TcmuVolume</c>.</summary>
    string? Kind { get; }

    /// <summary>Name, version and the like.</summary>
    ObjectMetadata Metadata { get; }
}

/// <summary>What every object carries. Fields that nobody here needs are left out: objects are changed by patches, never replaced.</summary>
public sealed record ObjectMetadata
{
    /// <summary>Name, unique in its namespace.</summary>
    public string Name { get; init; } = "";

    /// <summary>Namespace; null for what has none.</summary>
    public string? Namespace { get; init; }

    /// <summary>Given by the server; a second object of the same name has another one.</summary>
    public string? Uid { get; init; }

    /// <summary>Version of the whole object, opaque but growing.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Version of the specification.</summary>
    public long? Generation { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When its deletion was asked for; it goes when the last finalizer does.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Labels.</summary>
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations.</summary>
    public Dictionary<string, string>? Annotations { get; init; }

    /// <summary>Who has to clean up before the object goes.</summary>
    public List<string>? Finalizers { get; init; }
}

/// <summary>A list of objects.</summary>
/// <typeparam name="T">Their type.</typeparam>
public sealed record ResourceList<T>
{
    /// <summary>Version of the list, and the token of its next page.</summary>
    public ListMetadata Metadata { get; init; } = new();

    /// <summary>The objects.</summary>
    public List<T> Items { get; init; } = [];
}

/// <summary>What a list carries.</summary>
public sealed record ListMetadata
{
    /// <summary>Version to watch from.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Token of the next page; empty at the end.</summary>
    public string? Continue { get; init; }
}

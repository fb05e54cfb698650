using System.Text.Json;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>The server's answer to what failed, and to some deletions.</summary>
internal sealed record ApiStatus
{
    public string? Status { get; init; }

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int? Code { get; init; }
}

/// <summary>One line of a watch.</summary>
internal sealed record WatchEnvelope
{
    public required string Type { get; init; }

    public JsonElement Object { get; init; }
}

/// <summary>The object of a bookmark: its version alone matters.</summary>
internal sealed record Bookmark
{
    public ObjectMetadata? Metadata { get; init; }
}

/// <summary>How a deletion is meant.</summary>
internal sealed record DeleteOptions
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "DeleteOptions";

    public Preconditions? Preconditions { get; init; }
}

/// <summary>What an object must be for a deletion to happen.</summary>
public sealed record Preconditions
{
    /// <summary>It is this very object, not a later one of the same name.</summary>
    public string? Uid { get; init; }

    /// <summary>It has not changed since.</summary>
    public string? ResourceVersion { get; init; }
}

using System.Text.Json.Serialization.Metadata;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>How the status of objects of a kind is applied.</summary>
/// <param name="Of">The kind.</param>
/// <param name="Name">Its name in objects: <c>TcmuVolume</c>.</param>
/// <param name="Json">JSON of what is sent.</param>
/// <typeparam name="T">Type of the objects.</typeparam>
/// <typeparam name="TStatus">Type of their status.</typeparam>
public sealed record StatusKind<T, TStatus>(ResourceKind<T> Of, string Name, JsonTypeInfo<AppliedStatus<TStatus>> Json)
    where T : class, IResource
    where TStatus : class;

/// <summary>What is sent to apply a status: what the object is called, and its status, and nothing else of it.</summary>
/// <typeparam name="TStatus">Type of the status.</typeparam>
public sealed record AppliedStatus<TStatus>
    where TStatus : class
{
    /// <summary>Group and version.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Name, and the version when only the very object as it was seen is meant.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>The whole status, as this field manager wants it.</summary>
    public required TStatus Status { get; init; }
}

using System.Text.Json.Serialization.Metadata;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>Where objects of a kind are, and how they are written.</summary>
/// <param name="GroupVersion">Group and version: <c>v1</c> for the core, else <c>group/version</c>.</param>
/// <param name="Plural">The name in paths.</param>
/// <param name="Namespaced">True when each object is in a namespace.</param>
/// <param name="One">JSON of one.</param>
/// <param name="Many">JSON of a list.</param>
/// <typeparam name="T">The type.</typeparam>
public sealed record ResourceKind<T>(
    string GroupVersion, string Plural, bool Namespaced, JsonTypeInfo<T> One, JsonTypeInfo<ResourceList<T>> Many)
    where T : class, IResource
{
    /// <summary>Path of all objects, or of one.</summary>
    /// <param name="scope">Namespace, for namespaced kinds; null for all namespaces.</param>
    /// <param name="name">Name; null for the collection.</param>
    /// <param name="subresource">Subresource; null for none.</param>
    internal string Path(string? scope, string? name = null, string? subresource = null)
    {
        var root = GroupVersion.Contains('/', StringComparison.Ordinal) ? "apis/" : "api/";
        var path = root + GroupVersion;
        if (Namespaced && scope is not null) path += "/namespaces/" + Uri.EscapeDataString(scope);
        path += "/" + Plural;
        if (name is not null) path += "/" + Uri.EscapeDataString(name);
        return subresource is null ? path : path + "/" + subresource;
    }
}

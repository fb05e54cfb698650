using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Client;

public sealed partial class ApiClient
{
    /// <summary>Gives the very version of an object these finalizers.</summary>
    /// <exception cref="ApiException">Among others <see cref="ApiException.IsConflict"/>: it has changed meanwhile.</exception>
    internal Task<T> SetFinalizersAsync<T>(ResourceKind<T> kind, T resource, IReadOnlyList<string> finalizers, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var list = new JsonArray();
        foreach (var finalizer in finalizers) list.Add((JsonNode)finalizer);
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = resource.Metadata.ResourceVersion, ["finalizers"] = list },
        };
        return PatchAsync(kind, resource.Metadata.Name, resource.Metadata.Namespace, patch, cancellationToken);
    }
}

using System.Text.Json.Nodes;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>Objects of the chart, for the API server.</summary>
internal static class ChartObjects
{
    /// <summary>Kinds of others' definitions, which the API server does not have.</summary>
    private static readonly string[] Foreign = ["monitoring.coreos.com", "snapshot.storage.k8s.io", "groupsnapshot.storage.k8s.io", "cbt.storage.k8s.io"];

    /// <summary>True for what the API server has no definition of.</summary>
    public static bool IsForeign(JsonObject item) => Foreign.Contains(((string)item["apiVersion"]!).Split('/')[0]);

    /// <summary>True for what examples put into a namespace.</summary>
    public static bool IsOfNamespace(JsonObject item) => (string?)item["kind"] is "PersistentVolumeClaim" or "Pod" or "Service" or "StatefulSet";

    /// <summary>What others refer to comes first.</summary>
    public static int Order(JsonObject item) => (string?)item["kind"] is "ServiceAccount" or "ClusterRole" or "Role" or "CustomResourceDefinition" ? 0 : 1;

    /// <summary>The path of the object's collection.</summary>
    /// <param name="item">The object.</param>
    /// <param name="scope">The namespace, unless the object names its own.</param>
    public static string PathOf(JsonObject item, string? scope = null)
    {
        var version = (string)item["apiVersion"]!;
        var kind = ((string)item["kind"]!).ToLowerInvariant();
        var plural = kind.EndsWith('s') ? kind + "es" : kind.EndsWith('y') ? kind[..^1] + "ies" : kind + "s";
        scope = (string?)item["metadata"]!["namespace"] ?? scope;
        return $"{(version.Contains('/', StringComparison.Ordinal) ? "apis/" : "api/")}{version}/{(scope is null ? "" : $"namespaces/{scope}/")}{plural}";
    }
}

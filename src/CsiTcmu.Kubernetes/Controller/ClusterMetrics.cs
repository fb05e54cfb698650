using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Metrics;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>What the controller knows of the cluster: its resources by phase, its nodes, and what seems to be needed by nobody.</summary>
/// <param name="objects">The resources.</param>
/// <param name="heartbeats">Which agents are alive.</param>
/// <param name="orphans">Counts volumes whose claim is gone.</param>
internal sealed class ClusterMetrics(NodeObjects objects, Heartbeats heartbeats, OrphanSweep orphans) : IMetricsSource
{
    private static readonly string[] Phases = ["Pending", "Ready", "Failed", "Deleting"];

    /// <inheritdoc/>
    public Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        text.Family("csi_tcmu_resources", MetricType.Gauge, "Resources, by kind and phase.");
        Count(text, nameof(TcmuVolume), objects.Volumes.All);
        Count(text, nameof(TcmuSnapshot), objects.Snapshots.All);
        Count(text, nameof(TcmuSnapshotGroup), objects.Groups.All);
        text.Family("csi_tcmu_orphaned_volumes", MetricType.Gauge, "Volumes whose claim and persistent volume are both gone.").Value(orphans.Count);

        TcmuNode[] nodes = [.. objects.Nodes.All.OrderBy(node => node.Metadata.Name, StringComparer.Ordinal)];
        text.Family("csi_tcmu_node_up", MetricType.Gauge, "1 when the node's agent has been heard of lately and volumes can be made there, else 0.");
        foreach (var node in nodes)
            text.Value(node.Status?.IsReady == true && heartbeats.IsAlive(node.Metadata.Name) ? 1 : 0, ("node", node.Metadata.Name));
        text.Family("csi_tcmu_node_available_bytes", MetricType.Gauge, "Bytes that new volumes can be promised on the node, as it said last.");
        foreach (var node in nodes) text.Value(node.Status?.Available?.Bytes ?? 0, ("node", node.Metadata.Name));
        text.Family("csi_tcmu_node_orphaned_images", MetricType.Gauge, "Images on the node that no resource names, as it said last.");
        foreach (var node in nodes) text.Value(node.Status?.Orphans?.Count ?? 0, ("node", node.Metadata.Name));
        return Task.CompletedTask;
    }

    private static void Count<T>(MetricsText text, string kind, IReadOnlyList<T> resources)
        where T : INodeResource
    {
        foreach (var phase in Phases)
            text.Value(resources.Count(resource => (resource.Status?.Phase ?? "Pending") == phase), ("kind", kind), ("phase", phase));
    }
}

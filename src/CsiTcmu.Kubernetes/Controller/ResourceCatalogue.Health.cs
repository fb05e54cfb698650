using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>Health of the volumes of a cluster: what their agents have written down last, and whether the agents are there.</summary>
public sealed partial class ResourceCatalogue
{
    /// <inheritdoc/>
    Task<VolumeHealth> IVolumeHealth.GetAsync(string id, IReadOnlyList<string> paths, CancellationToken cancellationToken) => RunAsync(
        "health", id, async patience => ToHealth(await RequireMadeAsync(id, patience)), cancellationToken);

    /// <inheritdoc/>
    Task<HealthPage> IVolumeHealth.ListAsync(int maximum, string token, bool abnormalOnly, CancellationToken cancellationToken) => ListAsync(
        maximum, token, volume => !abnormalOnly || Troubles(volume).Any(), (page, next) => new HealthPage([.. page.Select(ToHealth)], next), cancellationToken);

    private VolumeHealth ToHealth(TcmuVolume resource) => new(resource.Metadata.Name, ToVolume(resource), [.. Troubles(resource)]);

    private IEnumerable<HealthEntry> Troubles(TcmuVolume resource)
    {
        var told = resource.Status?.Health ?? [];
        foreach (var trouble in told) yield return trouble.ToEntry();

        // A failure beside them has the same cause. Failures of other kinds are of what was wished for, a growth perhaps, and leave the volume as it was.
        if (told.Count == 0 && !resource.IsLeaving && resource.Status?.Error is { Code: nameof(VolumeError.FailedPrecondition) or nameof(VolumeError.Unavailable) } error)
            yield return new HealthEntry(HealthStatus.Inaccessible, error.Code, error.Message);

        var node = resource.Spec.Node;
        if (resource.Metadata.Annotations?.ContainsKey(GoneNodeSweep.GoneSince) == true)
        {
            yield return new HealthEntry(
                HealthStatus.Inaccessible, HealthReasons.NodeGone, $"node '{node}' is not in the cluster any more, and the data is on its disks: bring it back");
        }
        else if (!_heartbeats.IsAlive(node))
        {
            yield return new HealthEntry(
                HealthStatus.Degraded, HealthReasons.AgentSilent,
                $"the agent of node '{node}' is silent, so what is wrong with the volume since is not known; kubectl get tcmunode {node} shows the last it said");
        }
    }
}

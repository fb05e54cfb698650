using System.Net;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>Blocks of snapshots: only the snapshot's node knows them.</summary>
public sealed partial class ResourceCatalogue
{
    /// <inheritdoc/>
    public Task<IPEndPoint> FindBlocksAsync(string snapshotId, CancellationToken cancellationToken) => RunAsync(
        "blocks", snapshotId,
        async patience =>
        {
            var node = (await RequireSnapshotAsync(snapshotId, patience)).Node;
            if (!_heartbeats.IsAlive(node))
                throw new VolumeException(VolumeError.Unavailable, $"the agent of node '{node}', which has snapshot '{snapshotId}', is silent (kubectl get tcmunode {node})");
            return IPEndPoint.TryParse(_nodes.Cache.Find(node)?.Status?.BlocksEndpoint ?? "", out var endpoint)
                ? endpoint
                : throw new VolumeException(
                    VolumeError.FailedPrecondition, $"the driver of node '{node}', which has snapshot '{snapshotId}', tells no blocks; give it --blocks-endpoint and --blocks-tls");
        },
        cancellationToken);
}

using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Takes and removes the snapshots of this node's volumes.</summary>
internal sealed class SnapshotReconciler(AgentTools tools, ISnapshotCatalogue catalogue, ResourceCache<TcmuSnapshot> resources)
    : NodeReconciler<TcmuSnapshot, TcmuSnapshotStatus>(tools, Kinds.SnapshotStatus, ResourceJson.Default.TcmuSnapshotStatus, resources)
{
    /// <inheritdoc/>
    protected override async Task<TcmuSnapshotStatus> FulfilAsync(TcmuSnapshot resource, CancellationToken cancellationToken)
    {
        var snapshot = resource.IsTaken
            ? await ExistingAsync(resource, cancellationToken)
            : await catalogue.CreateSnapshotAsync(Wish(resource), cancellationToken);
        return new TcmuSnapshotStatus { Size = new Quantity(snapshot.Size), TakenTime = resource.Status?.TakenTime ?? snapshot.Created };
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(TcmuSnapshot resource, CancellationToken cancellationToken) =>
        catalogue.DeleteSnapshotAsync(resource.Metadata.Name, cancellationToken);

    /// <inheritdoc/>
    protected override bool TakesRoom(TcmuSnapshot resource, TcmuSnapshotStatus now) => !resource.IsTaken;

    /// <inheritdoc/>
    protected override string DescribeMade(TcmuSnapshot resource, TcmuSnapshotStatus now) => $"took snapshot of {now.Size} of volume '{resource.Spec.Volume}'";

    /// <inheritdoc/>
    protected override ObjectReference? User(TcmuSnapshot resource) => resource.Spec.Snapshot is not { } user ? null : new ObjectReference
    {
        ApiVersion = "snapshot.storage.k8s.io/v1",
        Kind = "VolumeSnapshot",
        Namespace = user.Namespace,
        Name = user.Name,
    };

    private async Task<Snapshot> ExistingAsync(TcmuSnapshot resource, CancellationToken cancellationToken)
    {
        try
        {
            return await catalogue.GetSnapshotAsync(resource.Metadata.Name, cancellationToken);
        }
        catch (VolumeException absent) when (absent.Error == VolumeError.NotFound)
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition,
                $"the snapshot's image is missing in pool '{resource.Spec.Pool}' of node '{resource.Spec.Node}'; it is not taken anew: restore it, or delete the snapshot",
                absent);
        }
    }

    private static SnapshotWish Wish(TcmuSnapshot resource) => new()
    {
        Name = resource.Metadata.Name,
        SourceVolumeId = resource.Spec.Volume,
        Parameters = resource.Spec.Parameters ?? [],
    };
}

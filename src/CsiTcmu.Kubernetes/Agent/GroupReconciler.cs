using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Takes and removes groups of snapshots of this node's volumes.</summary>
internal sealed class GroupReconciler(AgentTools tools, ISnapshotCatalogue catalogue, ResourceCache<TcmuSnapshotGroup> resources)
    : NodeReconciler<TcmuSnapshotGroup, TcmuSnapshotGroupStatus>(tools, Kinds.GroupStatus, ResourceJson.Default.TcmuSnapshotGroupStatus, resources)
{
    /// <inheritdoc/>
    protected override async Task<TcmuSnapshotGroupStatus> FulfilAsync(TcmuSnapshotGroup resource, CancellationToken cancellationToken)
    {
        var group = resource.IsTaken
            ? await ExistingAsync(resource, cancellationToken)
            : await catalogue.CreateGroupAsync(Wish(resource), cancellationToken);
        return new TcmuSnapshotGroupStatus
        {
            TakenTime = resource.Status?.TakenTime ?? group.Created,
            Snapshots =
            [
                .. group.Snapshots.Select(snapshot => new TcmuGroupMember
                {
                    Name = snapshot.Id,
                    Volume = snapshot.SourceVolumeId,
                    Pool = snapshot.Pool,
                    Size = new Quantity(snapshot.Size),
                }),
            ],
        };
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(TcmuSnapshotGroup resource, CancellationToken cancellationToken) =>
        catalogue.DeleteGroupAsync(resource.Metadata.Name, [], cancellationToken);

    /// <inheritdoc/>
    protected override bool TakesRoom(TcmuSnapshotGroup resource, TcmuSnapshotGroupStatus now) => !resource.IsTaken;

    /// <inheritdoc/>
    protected override string DescribeMade(TcmuSnapshotGroup resource, TcmuSnapshotGroupStatus now) =>
        $"took snapshots of {resource.Spec.Volumes.Count} volumes at one instant";

    private async Task<SnapshotGroup> ExistingAsync(TcmuSnapshotGroup resource, CancellationToken cancellationToken)
    {
        try
        {
            return await catalogue.GetGroupAsync(resource.Metadata.Name, [], cancellationToken);
        }
        catch (VolumeException absent) when (absent.Error == VolumeError.NotFound)
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition,
                $"a snapshot of the group, or its record, is missing on node '{resource.Spec.Node}'; it is not taken anew: restore it, or delete the group", absent);
        }
    }

    private static GroupWish Wish(TcmuSnapshotGroup resource) => new()
    {
        Name = resource.Metadata.Name,
        SourceVolumeIds = resource.Spec.Volumes,
        Parameters = resource.Spec.Parameters ?? [],
    };
}

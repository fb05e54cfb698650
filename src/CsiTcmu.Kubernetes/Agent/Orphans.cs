using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Finds images of this node that no resource names. Each new one is logged once; none is ever removed.</summary>
/// <param name="catalogue">The volumes of this node.</param>
/// <param name="snapshots">Their snapshots.</param>
/// <param name="volumeResources">The volumes that there shall be.</param>
/// <param name="snapshotResources">The snapshots that there shall be.</param>
/// <param name="groupResources">The groups that there shall be.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class Orphans(
    IVolumeCatalogue catalogue,
    ISnapshotCatalogue snapshots,
    ResourceCache<TcmuVolume> volumeResources,
    ResourceCache<TcmuSnapshot> snapshotResources,
    ResourceCache<TcmuSnapshotGroup> groupResources,
    ILogger logger)
{
    private HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Number of the volumes' images, and the images without a resource: ids of volumes, and <c>snapshots/</c> before those of snapshots.</summary>
    public async Task<(int Images, List<string> Orphans)> FindAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Volume> volumes;
        IReadOnlyList<Snapshot> taken;
        try
        {
            volumes = (await catalogue.ListAsync(0, "", cancellationToken)).Volumes;
            taken = (await snapshots.ListSnapshotsAsync(new SnapshotFilter("", ""), 0, "", cancellationToken)).Snapshots;
        }
        catch (VolumeException failure)
        {
            logger.LogWarning("The images cannot be listed: {Reason}", failure.Message);
            return (0, []);
        }

        // Before the resources are known every image would seem to be without one.
        if (!volumeResources.Synchronised.IsCompleted || !snapshotResources.Synchronised.IsCompleted || !groupResources.Synchronised.IsCompleted)
            return (volumes.Count, []);
        List<string> orphans =
        [
            .. volumes.Select(volume => volume.Id).Where(id => volumeResources.Find(id) is null),
            .. taken
                .Where(snapshot => snapshot.GroupId.Length > 0 ? groupResources.Find(snapshot.GroupId) is null : snapshotResources.Find(snapshot.Id) is null)
                .Select(snapshot => $"snapshots/{snapshot.Id}"),
        ];
        foreach (var orphan in orphans.Where(orphan => !_known.Contains(orphan)))
            logger.LogWarning("Image {Id} has no resource; it is kept until an administrator removes it", orphan);
        _known = [.. orphans];
        return (volumes.Count, orphans);
    }
}

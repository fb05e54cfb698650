using System.Net;

namespace CsiTcmu.Volumes;

/// <summary>Which node of a cluster tells the blocks of a snapshot.</summary>
public interface ISnapshotPlaces
{
    /// <summary>
    /// Where the driver of the snapshot's node tells them. <see cref="VolumeError.NotFound"/> for an unknown snapshot, <see cref="VolumeError.Unavailable"/> when
    /// the node's agent is silent, <see cref="VolumeError.FailedPrecondition"/> when its driver tells no blocks.
    /// </summary>
    Task<IPEndPoint> FindBlocksAsync(string snapshotId, CancellationToken cancellationToken);
}

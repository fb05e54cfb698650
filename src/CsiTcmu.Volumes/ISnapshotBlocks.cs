namespace CsiTcmu.Volumes;

/// <summary>
/// Which blocks of snapshots hold data and which have changed, as the CSI snapshot metadata service sees them. Failures are
/// <see cref="VolumeException"/>: <see cref="VolumeError.NotFound"/> for an unknown snapshot, <see cref="VolumeError.OutOfRange"/> for an
/// offset before or behind the volume.
/// </summary>
public interface ISnapshotBlocks
{
    /// <summary>The blocks of a snapshot that hold data; the others read as zeroes.</summary>
    /// <param name="id">The snapshot.</param>
    /// <param name="startingOffset">What lies before this byte is not asked for.</param>
    Task<BlockList> OpenAllocatedAsync(string id, long startingOffset);

    /// <summary>
    /// The blocks in which a snapshot differs from another one of the same volume. <see cref="VolumeError.InvalidArgument"/> when they are not of
    /// the same volume.
    /// </summary>
    /// <param name="baseId">The snapshot that is known already.</param>
    /// <param name="targetId">The other one.</param>
    /// <param name="startingOffset">What lies before this byte is not asked for.</param>
    Task<BlockList> OpenChangedAsync(string baseId, string targetId, long startingOffset);
}

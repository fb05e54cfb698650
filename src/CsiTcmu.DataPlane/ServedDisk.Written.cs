using CsiTcmu.Backstores;

namespace CsiTcmu.DataPlane;

/// <summary>Which regions are written while somebody copies the disk.</summary>
/// <remarks>
/// A region is marked when the request that wrote it has ended, well or not. Who takes a map and then copies what it says has the outcome of every
/// request that had ended by then; one that ends later is in the next map, and the copy of what it was writing is made again.
/// </remarks>
internal sealed unsafe partial class ServedDisk
{
    private WrittenRegions? _written;

    /// <inheritdoc/>
    public Task TrackWritesAsync(WrittenRegions? regions) => _reactor.RunAsync(() => _written = regions);

    private void MarkWritten(CommandSlot* slot)
    {
        if (slot->Request.Operation is BackstoreOperation.Write or BackstoreOperation.Discard or BackstoreOperation.WriteZeroes)
            _written!.Mark(slot->Request.Offset, slot->Request.Length);
    }
}

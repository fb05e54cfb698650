using CsiTcmu.Linux;
using CsiTcmu.Volumes.Changes;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public Task<BlockList> OpenAllocatedAsync(string id, long startingOffset) => Task.Run(() => OpenAllocated(id, startingOffset));

    /// <inheritdoc/>
    public Task<BlockList> OpenChangedAsync(string baseId, string targetId, long startingOffset) =>
        Task.Run(() => OpenChanged(baseId, targetId, startingOffset));

    private BlockList OpenAllocated(string id, long startingOffset)
    {
        var snapshot = RequireSnapshot(id);
        var size = SizeBehind(startingOffset, snapshot);
        var image = OpenImage(snapshot);
        var header = snapshot.Descriptor.HeaderSize;
        return new BlockList(
            snapshot.Pool.Name,
            size,
            token => BehindHeader(AllocatedBlocks.Find(image, header + startingOffset, header + size, token), header),
            image);
    }

    private BlockList OpenChanged(string baseId, string targetId, long startingOffset)
    {
        var (origin, target) = (RequireSnapshot(baseId), RequireSnapshot(targetId));
        var (source, other) = (origin.Descriptor.Source, target.Descriptor.Source);
        if (!string.Equals(source, other, StringComparison.Ordinal))
        {
            throw new VolumeException(
                VolumeError.InvalidArgument, $"snapshot '{baseId}' is one of volume '{source}', '{targetId}' one of '{other}'; name two snapshots of one volume");
        }

        var size = SizeBehind(startingOffset, target);
        var before = OpenImage(origin);
        try
        {
            var after = OpenImage(target);
            var share = origin.Pool == target.Pool && BlockSharing.IsPossible(target.Pool.Folder, before);
            var header = target.Descriptor.HeaderSize;
            return new BlockList(
                target.Pool.Name,
                size,
                token => BehindHeader(ChangedBlocks.Find(before, after, share, header + startingOffset, header + size, token), header),
                before,
                after);
        }
        catch
        {
            before.Dispose();
            throw;
        }
    }

    /// <summary>Places in the volume, which is what its users see; an encrypted one begins behind the header in its image.</summary>
    private static IEnumerable<ByteRange> BehindHeader(IEnumerable<ByteRange> ranges, long header) =>
        header == 0 ? ranges : ranges.Select(range => new ByteRange(range.Offset - header, range.Length));

    private static long SizeBehind(long offset, StoredSnapshot snapshot)
    {
        var size = snapshot.Descriptor.Size;
        return offset >= 0 && offset <= size
            ? size
            : throw new VolumeException(VolumeError.OutOfRange, $"snapshot '{snapshot.Id}' has {size} bytes, there is no offset {offset} in it");
    }

    private static ImageReader OpenImage(StoredSnapshot snapshot) => InPool(snapshot.Pool, () =>
    {
        try
        {
            return ImageReader.Open(snapshot.Image);
        }
        catch (SystemCallException gone) when (gone.Error == Errno.NoEntry)
        {
            throw new VolumeException(VolumeError.NotFound, $"there is no snapshot '{snapshot.Id}' any more", gone);
        }
    });
}

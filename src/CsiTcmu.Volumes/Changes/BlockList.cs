using CsiTcmu.Volumes.Changes;

namespace CsiTcmu.Volumes;

/// <summary>
/// Blocks of a snapshot, found while they are read. The images stay open until disposal, and with them readable, also when the snapshots are
/// deleted meanwhile.
/// </summary>
/// <param name="pool">The pool, for messages.</param>
/// <param name="size">Size of the volume when the snapshot was taken, bytes.</param>
/// <param name="find">Finds the ranges.</param>
/// <param name="images">What is open.</param>
public sealed class BlockList(string pool, long size, Func<CancellationToken, IEnumerable<ByteRange>> find, params IReadOnlyList<IDisposable> images)
    : IDisposable
{
    /// <summary>Size of the volume when the snapshot was taken, bytes.</summary>
    public long Size { get; } = size;

    /// <summary>
    /// The ranges in ascending order, none touching the next. Each step reads as much of the pool's file system as it takes to find one.
    /// </summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="VolumeException">The pool cannot be read.</exception>
    public IEnumerable<ByteRange> Read(CancellationToken cancellationToken) => ByteRanges.Of(pool, find(cancellationToken));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var image in images) image.Dispose();
    }
}

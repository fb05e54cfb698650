using System.Buffers;

namespace CsiTcmu.Volumes.Changes;

/// <summary>Compares two images byte for byte. What is a hole in both is not read.</summary>
internal static class ContentComparison
{
    /// <summary>Ranges are told in blocks of so many bytes, the block size of most file systems.</summary>
    public const int Granularity = 4096;

    private const int Chunk = 64 * Granularity;

    /// <summary>Finds the blocks that differ, in ascending order. Neighbours may be ranges of their own.</summary>
    /// <param name="before">The one image.</param>
    /// <param name="after">The other.</param>
    /// <param name="start">Where the range begins; a whole block.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static IEnumerable<ByteRange> Find(
        ImageReader before, ImageReader after, long start, long end, CancellationToken cancellationToken)
    {
        var left = ArrayPool<byte>.Shared.Rent(Chunk);
        var right = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            for (var at = start; Next(before, after, at, end) is { } data;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var length = (int)Math.Min(Chunk, data.Length);
                before.Read(data.Offset, left.AsSpan(0, length));
                after.Read(data.Offset, right.AsSpan(0, length));
                for (var done = 0; done < length; done += Granularity)
                {
                    var block = Math.Min(Granularity, length - done);
                    if (!left.AsSpan(done, block).SequenceEqual(right.AsSpan(done, block))) yield return new ByteRange(data.Offset + done, block);
                }

                at = data.Offset + length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(left);
            ArrayPool<byte>.Shared.Return(right);
        }
    }

    /// <summary>The next range in which at least one has data, in whole blocks.</summary>
    private static ByteRange? Next(ImageReader before, ImageReader after, long at, long end)
    {
        var (left, right) = (before.NextData(at, end), after.NextData(at, end));
        if (left is null && right is null) return null;
        var first = left is { } a && (right is not { } b || a.Offset <= b.Offset) ? left.Value : right!.Value;
        var start = Math.Max(at, first.Offset / Granularity * Granularity);
        var last = Math.Min(end, (first.End + Granularity - 1) / Granularity * Granularity);
        return new ByteRange(start, last - start);
    }
}

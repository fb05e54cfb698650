namespace CsiTcmu.Volumes.Changes;

/// <summary>The parts of an image that hold data, as its file system tells; the rest reads as zeroes.</summary>
internal static class AllocatedBlocks
{
    /// <summary>Finds them in ascending order, none touching the next.</summary>
    public static IEnumerable<ByteRange> Find(ImageReader image, long start, long end, CancellationToken cancellationToken) =>
        Data(image, start, end, cancellationToken).Join(start, end);

    private static IEnumerable<ByteRange> Data(ImageReader image, long start, long end, CancellationToken cancellationToken)
    {
        for (var at = start; image.NextData(at, end) is { } data; at = data.End)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return data;
        }
    }
}

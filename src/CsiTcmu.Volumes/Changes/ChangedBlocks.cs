namespace CsiTcmu.Volumes.Changes;

/// <summary>
/// The parts in which two images of one volume differ. Where images share their blocks, the extent maps tell it: what has been written since has a
/// place of its own. Where they cannot, and where a map does not tell places, the bytes are compared.
/// </summary>
internal static class ChangedBlocks
{
    /// <summary>Finds them in ascending order, none touching the next.</summary>
    /// <param name="before">The older image.</param>
    /// <param name="after">The newer one; it may be larger.</param>
    /// <param name="share">True when the two share what has not been written since, so that other places are other data.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="end">Where to end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static IEnumerable<ByteRange> Find(
        ImageReader before, ImageReader after, bool share, long start, long end, CancellationToken cancellationToken)
    {
        // Whole blocks are compared; what comes before the start is cut off again.
        var whole = start / ContentComparison.Granularity * ContentComparison.Granularity;
        var changes = share
            ? ByPlaces(before, after, whole, end, cancellationToken)
            : ContentComparison.Find(before, after, whole, end, cancellationToken);
        return changes.Join(start, end);
    }

    private static IEnumerable<ByteRange> ByPlaces(
        ImageReader before, ImageReader after, long start, long end, CancellationToken cancellationToken)
    {
        var places = new PlaceComparison(before, after);
        for (var at = start; at < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            at = places.Advance(at, end);
            foreach (var difference in places.Differences)
            {
                if (difference.IsCertain)
                {
                    yield return new ByteRange(difference.Offset, difference.Length);
                    continue;
                }

                foreach (var range in ContentComparison.Find(before, after, difference.Offset, difference.End, cancellationToken)) yield return range;
            }
        }
    }
}

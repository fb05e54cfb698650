namespace CsiTcmu.Volumes.Changes;

/// <summary>Compares two images of one file system by the places of their data, part by part, without reading a byte.</summary>
/// <remarks>
/// A file system may move a file's blocks (btrfs does when it balances), and a freed place may become that of another block. So the map of the one
/// image is read before and after that of the other: when it says the same both times, all places were valid at one moment, and the same place
/// is the same data. After a few attempts the whole part counts as one in which the maps do not tell.
/// </remarks>
internal sealed class PlaceComparison(ImageReader before, ImageReader after)
{
    private const int Attempts = 3;
    private readonly ExtentWindow _before = new();
    private readonly ExtentWindow _after = new();
    private readonly ExtentWindow _again = new();
    private readonly List<ExtentDifference> _differences = [];

    /// <summary>What the last <see cref="Advance"/> found, in ascending order.</summary>
    public IReadOnlyList<ExtentDifference> Differences => _differences;

    /// <summary>Compares the next part.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends at the latest.</param>
    /// <returns>Where it ended.</returns>
    public long Advance(long start, long end)
    {
        _differences.Clear();
        var next = end;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            next = _after.Read(after, start, _before.Read(before, start, end));
            _before.CutAt(next);
            if (_again.Read(before, start, next) != next || !_again.SaysTheSameAs(_before, start, next)) continue;
            ExtentComparison.Find(_before.Extents, _after.Extents, start, next, _differences);
            return next;
        }

        _differences.Add(new ExtentDifference(start, next - start, IsCertain: false));
        return next;
    }
}

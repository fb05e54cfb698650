using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Changes;

/// <summary>A part of an image's extent map: the extents with data, cut at the part's edges. What is between them reads as zeroes.</summary>
internal sealed class ExtentWindow
{
    private const int MostExtents = 512;
    private readonly FileExtent[] _buffer = new FileExtent[MostExtents];
    private readonly List<FileExtent> _extents = new(MostExtents);

    /// <summary>The extents, in ascending order.</summary>
    public IReadOnlyList<FileExtent> Extents => _extents;

    /// <summary>Reads the map from an offset as far as there is room.</summary>
    /// <returns>How far it was read: <paramref name="end"/>, or less when there were too many extents.</returns>
    public long Read(ImageReader image, long start, long end)
    {
        var count = SystemCallException.Check(
            FileExtents.ReadPart(image.File, start, end - start, _buffer), $"{image.Path}: the extent map at {start} cannot be read");
        var read = count < _buffer.Length ? end : Math.Min(end, _buffer[^1].End);
        _extents.Clear();
        foreach (var extent in _buffer.AsSpan(0, count))
        {
            if (extent.States.HasFlag(ExtentStates.Unwritten)) continue;
            if (Cut(extent, start, read) is { Length: > 0 } part) _extents.Add(part);
        }

        return read;
    }

    /// <summary>Forgets what lies behind an offset.</summary>
    public void CutAt(long end)
    {
        for (var i = _extents.Count - 1; i >= 0 && _extents[i].End > end; i--)
        {
            if (_extents[i].Offset >= end) _extents.RemoveAt(i);
            else _extents[i] = Cut(_extents[i], 0, end);
        }
    }

    /// <summary>True when both say the same of places, whatever pieces they tell them in and whoever else shares them.</summary>
    public bool SaysTheSameAs(ExtentWindow other, long start, long end)
    {
        var differences = new List<ExtentDifference>();
        ExtentComparison.Find(_extents, other._extents, start, end, differences);
        return differences.TrueForAll(difference => !difference.IsCertain);
    }

    private static FileExtent Cut(FileExtent extent, long start, long end)
    {
        var first = Math.Max(extent.Offset, start);
        return extent with { Offset = first, Physical = extent.Physical + (first - extent.Offset), Length = Math.Min(extent.End, end) - first };
    }
}

using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Changes;

/// <summary>A range in which two extent maps do not show the same content.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Bytes.</param>
/// <param name="IsCertain">False when the maps do not tell, and the bytes must be compared.</param>
internal readonly record struct ExtentDifference(long Offset, long Length, bool IsCertain)
{
    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Length;
}

/// <summary>
/// Compares extent maps of two files of one file system that nobody writes any more. Where both have data at the same place, they share it; where
/// neither has any, both read as zeroes. Everywhere else they differ, or the maps do not tell.
/// </summary>
internal static class ExtentComparison
{
    /// <summary>Finds the differences in a range, in ascending order; neighbours of one kind are one.</summary>
    /// <param name="before">Extents with data of the one, in ascending order.</param>
    /// <param name="after">Those of the other.</param>
    /// <param name="start">Where the range begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="differences">They are added here.</param>
    public static void Find(
        IReadOnlyList<FileExtent> before, IReadOnlyList<FileExtent> after, long start, long end, List<ExtentDifference> differences)
    {
        var (i, j) = (0, 0);
        for (var at = start; at < end;)
        {
            var (left, leftEnd) = At(before, ref i, at);
            var (right, rightEnd) = At(after, ref j, at);
            var next = Math.Min(end, Math.Min(leftEnd, rightEnd));
            if (IsCertain(left, right, at) is { } certain) Add(differences, new ExtentDifference(at, next - at, certain));
            at = next;
        }
    }

    /// <summary>The extent at a place, null in a hole, and where it or the hole ends.</summary>
    private static (FileExtent? Extent, long End) At(IReadOnlyList<FileExtent> extents, ref int index, long at)
    {
        while (index < extents.Count && extents[index].End <= at) index++;
        if (index == extents.Count) return (null, long.MaxValue);
        var extent = extents[index];
        return extent.Offset <= at ? (extent, extent.End) : (null, extent.Offset);
    }

    /// <summary>Null when both have the same content there; else whether that is certain.</summary>
    private static bool? IsCertain(FileExtent? left, FileExtent? right, long at)
    {
        if (left is null && right is null) return null;
        if (left is { HasPlace: false } || right is { HasPlace: false }) return false;
        return left is { } a && right is { } b && a.Physical + (at - a.Offset) == b.Physical + (at - b.Offset) ? null : true;
    }

    private static void Add(List<ExtentDifference> differences, ExtentDifference difference)
    {
        if (differences.Count > 0 && differences[^1] is var last && last.End == difference.Offset && last.IsCertain == difference.IsCertain)
            differences[^1] = last with { Length = last.Length + difference.Length };
        else
            differences.Add(difference);
    }
}

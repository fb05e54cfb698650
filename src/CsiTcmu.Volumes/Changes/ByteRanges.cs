using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes.Changes;

/// <summary>Sequences of ranges in ascending order.</summary>
internal static class ByteRanges
{
    /// <summary>Makes one range of ranges that touch each other, and leaves out what lies outside of two borders.</summary>
    public static IEnumerable<ByteRange> Join(this IEnumerable<ByteRange> ranges, long start, long end)
    {
        var (begin, until) = (start, start);
        foreach (var range in ranges)
        {
            var (first, last) = (Math.Max(range.Offset, start), Math.Min(range.End, end));
            if (first >= last) continue;
            if (first != until)
            {
                if (until > begin) yield return new ByteRange(begin, until - begin);
                begin = first;
            }

            until = last;
        }

        if (until > begin) yield return new ByteRange(begin, until - begin);
    }

    /// <summary>Gives failures of a pool's file system the kind and the name that callers know.</summary>
    public static IEnumerable<ByteRange> Of(string pool, IEnumerable<ByteRange> ranges)
    {
        using var enumerator = ranges.GetEnumerator();
        while (Advance(pool, enumerator)) yield return enumerator.Current;
    }

    private static bool Advance(string pool, IEnumerator<ByteRange> enumerator)
    {
        try
        {
            return enumerator.MoveNext();
        }
        catch (IOException cause)
        {
            throw PoolErrors.Translate(pool, cause);
        }
    }
}

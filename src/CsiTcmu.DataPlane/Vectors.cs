using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane;

/// <summary>Scattered memory as one row of bytes. Lengths have been checked by the caller.</summary>
internal static unsafe class Vectors
{
    /// <summary>Moves the start of the row by <paramref name="length"/> bytes, in place.</summary>
    public static void Skip(ref Iovec* vectors, ref int count, long length)
    {
        while (count > 0 && (long)vectors->Length <= length)
        {
            length -= (long)vectors->Length;
            vectors++;
            count--;
        }

        if (count == 0) return;
        vectors->Base += length;
        vectors->Length -= (nuint)length;
    }

    /// <summary>Copies bytes into the row, from its start.</summary>
    public static void CopyIn(Iovec* vectors, int count, ReadOnlySpan<byte> source)
    {
        for (var i = 0; i < count && !source.IsEmpty; i++)
        {
            var piece = new Span<byte>(vectors[i].Base, (int)Math.Min((long)vectors[i].Length, source.Length));
            source[..piece.Length].CopyTo(piece);
            source = source[piece.Length..];
        }
    }

    /// <summary>Copies bytes of the row from <paramref name="offset"/> on.</summary>
    public static void CopyOut(Iovec* vectors, int count, long offset, Span<byte> target)
    {
        for (var i = 0; i < count && !target.IsEmpty; i++)
        {
            var length = (long)vectors[i].Length;
            if (offset < length)
            {
                var piece = new ReadOnlySpan<byte>(vectors[i].Base + offset, (int)Math.Min(length - offset, target.Length));
                piece.CopyTo(target);
                target = target[piece.Length..];
                offset = 0;
            }
            else
            {
                offset -= length;
            }
        }
    }

    /// <summary>Position of the first byte of <paramref name="expected"/> that differs from the row at <paramref name="offset"/>, or -1.</summary>
    public static int FirstDifference(Iovec* vectors, int count, long offset, ReadOnlySpan<byte> expected)
    {
        var done = 0;
        for (var i = 0; i < count && done < expected.Length; i++)
        {
            var length = (long)vectors[i].Length;
            if (offset < length)
            {
                var piece = new ReadOnlySpan<byte>(vectors[i].Base + offset, (int)Math.Min(length - offset, expected.Length - done));
                var same = piece.CommonPrefixLength(expected.Slice(done, piece.Length));
                if (same < piece.Length) return done + same;
                done += same;
                offset = 0;
            }
            else
            {
                offset -= length;
            }
        }

        return -1;
    }
}

using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>Copies bytes from one file to another: data as data, holes as holes.</summary>
internal sealed unsafe class ByteCopy(int source, int target, string sourcePath, string targetPath) : IDisposable
{
    private const int Chunk = 1 << 20;
    private const int SeekData = 3, SeekHole = 4;
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(Chunk, (nuint)Environment.SystemPageSize);

    /// <summary>The beginning of a range that can be copied at once: a hole of any length, or little data.</summary>
    /// <param name="offset">Where it begins, at the beginning of a region.</param>
    /// <param name="length">Its length.</param>
    /// <param name="most">Most bytes of data.</param>
    /// <param name="region">Size of a region.</param>
    /// <returns>Whole regions, at least one, or all there is.</returns>
    public long PieceOf(long offset, long length, long most, long region)
    {
        var hole = (Math.Min(Find(offset, SeekData, offset + length), offset + length) - offset) / region * region;
        return hole > 0 ? hole : Math.Min(length, Math.Max(most, region));
    }

    /// <summary>Copies a range to where there is nothing yet.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends, within the source.</param>
    public void Copy(long start, long end)
    {
        for (var at = start; at < end;)
        {
            at = Math.Min(Find(at, SeekData, end), end);
            var hole = at < end ? Math.Min(Find(at, SeekHole, end), end) : end;
            while (at < hole) at += CopyPiece(at, (int)Math.Min(Chunk, hole - at));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_buffer);

    /// <summary>The next data or hole; without an answer all is data to the end.</summary>
    private long Find(long at, int whence, long end)
    {
        var found = Syscalls.Seek(source, at, whence);
        if (found == -Errno.NoSuchAddress) return end;
        return found >= 0 ? found : whence == SeekData ? at : end;
    }

    private int CopyPiece(long offset, int length)
    {
        var read = new Iovec { Base = _buffer, Length = (nuint)length };
        var got = SystemCallException.Check((int)Syscalls.ReadVector(source, &read, 1, offset), $"{sourcePath} cannot be read at {offset}");
        if (got == 0) throw new IOException($"{sourcePath} ends at {offset}, before its own end: somebody cuts it.");
        for (var written = 0; written < got;)
        {
            var write = new Iovec { Base = _buffer + written, Length = (nuint)(got - written) };
            written += SystemCallException.Check((int)Syscalls.WriteVector(target, &write, 1, offset + written), $"{targetPath} cannot be written at {offset}");
        }

        return got;
    }
}

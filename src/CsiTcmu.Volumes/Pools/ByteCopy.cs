using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>Copies bytes from one file to another: data as data, holes as holes.</summary>
internal sealed unsafe class ByteCopy(int source, int target, string sourcePath, string targetPath) : IDisposable
{
    private const int Chunk = 1 << 20;
    private const int SeekData = 3, SeekHole = 4;
    private const int PunchHole = 2 | 1; // FALLOC_FL_PUNCH_HOLE, FALLOC_FL_KEEP_SIZE
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(Chunk, (nuint)Environment.SystemPageSize);

    /// <summary>Copies a range.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Where it ends, within the source.</param>
    /// <param name="progress">Is told before each piece where it is.</param>
    public void Copy(long start, long end, Action<long> progress)
    {
        for (var at = start; at < end;)
        {
            var data = Math.Min(Find(at, SeekData, end), end);
            if (data > at) Clear(at, data - at);
            var hole = data < end ? Math.Min(Find(data, SeekHole, end), end) : end;
            for (at = data; at < hole;)
            {
                progress(at);
                at += CopyPiece(at, (int)Math.Min(Chunk, hole - at));
            }
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

    private void Clear(long offset, long length)
    {
        // A new copy has nothing there.
        var there = Syscalls.Seek(target, offset, SeekData);
        if (there == -Errno.NoSuchAddress || there >= offset + length) return;
        SystemCallException.Check(Syscalls.Allocate(target, PunchHole, offset, length), $"{targetPath} cannot have a hole at {offset}");
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

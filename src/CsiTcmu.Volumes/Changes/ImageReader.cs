using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Changes;

/// <summary>An image that nobody writes any more, open for reading. It can be read to its end also when it is deleted meanwhile.</summary>
internal sealed class ImageReader : IDisposable
{
    private const int SeekData = 3, SeekHole = 4;

    private ImageReader(string path, int file)
    {
        Path = path;
        File = file;
    }

    /// <summary>Where it was found.</summary>
    public string Path { get; }

    /// <summary>Its descriptor.</summary>
    public int File { get; }

    /// <summary>Opens an image.</summary>
    /// <exception cref="SystemCallException">It cannot be opened.</exception>
    public static ImageReader Open(string path) => new(
        path, SystemCallException.Check(Syscalls.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec), $"{path} cannot be opened"));

    /// <summary>The next range of data at or behind an offset; null when only holes follow. All is data where the file system does not tell holes.</summary>
    public ByteRange? NextData(long offset, long end)
    {
        if (offset >= end) return null;
        var data = Syscalls.Seek(File, offset, SeekData);
        if (data == -Errno.NoSuchAddress) return null;
        if (data == -Errno.InvalidArgument || data == -Errno.NotSupported) return new ByteRange(offset, end - offset);
        if (data < 0) throw new SystemCallException($"{Path}: data behind {offset} cannot be found", (int)data);
        if (data >= end) return null;
        var hole = Syscalls.Seek(File, data, SeekHole);
        if (hole < 0) throw new SystemCallException($"{Path}: the end of data at {data} cannot be found", (int)hole);
        return new ByteRange(data, Math.Min(hole, end) - data);
    }

    /// <summary>Fills a buffer; what lies behind the end of the file is zeroes.</summary>
    public unsafe void Read(long offset, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            for (var done = 0; done < buffer.Length;)
            {
                var vector = new Iovec { Base = start + done, Length = (nuint)(buffer.Length - done) };
                var count = (int)Syscalls.ReadVector(File, &vector, 1, offset + done);
                if (count == -Errno.Interrupted) continue;
                SystemCallException.Check(count, $"{Path} cannot be read at {offset + done}");
                if (count == 0)
                {
                    buffer[done..].Clear();
                    return;
                }

                done += count;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Syscalls.Close(File);
}

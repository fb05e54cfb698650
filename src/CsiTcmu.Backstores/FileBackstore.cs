using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>
/// A volume in one image file, read and written past the page cache (O_DIRECT) from and to the memory of the request itself. Discarded
/// and zeroed ranges become holes.
/// </summary>
/// <remarks>
/// <para>
/// How a request goes on is kept in <see cref="BackstoreRequest.State"/>: the step that the engine is asked to do, and the bytes of the request
/// that are done. One rule keeps every request resumable: a result is booked first, then the next operation is issued. When the engine is
/// full at that point, the request is marked as not issued, and the next call issues it without looking at a result again.
/// </para>
/// <para>
/// Transfers that the file system refuses as O_DIRECT because of their offset, length or memory go through a bounce buffer
/// (<see cref="BouncePool"/>), those of memory that cannot be pinned among them: through the page cache they would meet writes past it of a
/// neighbour in the same page, and either could be lost. A write of a part of a block reads that block first; between reading and writing nobody else may
/// write it, therefore <see cref="NeedsExclusive"/>.
/// </para>
/// </remarks>
public sealed unsafe partial class FileBackstore : IBackstore
{
    private const int PunchHole = 2; // FALLOC_FL_PUNCH_HOLE
    private const int KeepSize = 1; // FALLOC_FL_KEEP_SIZE
    private const int MostVectors = 1024; // IOV_MAX
    private const int MostAlignment = 4096;

    private readonly string _path;
    private readonly int _file;
    private readonly bool _punches;
    private readonly bool _isDirect;
    private readonly nuint _memoryMask;
    private readonly int _blockMask;
    private readonly BouncePool _bounces;
    private readonly ZeroVectors? _zeroes;
    private long _size;
    private bool _disposed;

    /// <summary>Opens an image file.</summary>
    /// <param name="path">The file; it stays open until <see cref="Dispose"/>.</param>
    /// <param name="size">Size of the volume in bytes, a multiple of 512; the file is at least that long.</param>
    /// <param name="minimumAlignment">512, 1024, 2048 or 4096: a larger <see cref="Alignment"/> than the file system asks for.</param>
    /// <param name="way">How its bytes are moved.</param>
    /// <exception cref="IOException">The file cannot be opened or is too short; the message names it.</exception>
    public FileBackstore(string path, long size, int minimumAlignment = 512, FileWay way = FileWay.Direct)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CheckSize(size, nameof(size));
        if (minimumAlignment is not (512 or 1024 or 2048 or 4096))
            throw new ArgumentOutOfRangeException(nameof(minimumAlignment), minimumAlignment, "The alignment is 512, 1024, 2048 or 4096.");
        _path = path;
        _size = size;
        var opened = ImageFile.Open(path, way);
        _file = opened.File;
        try
        {
            CheckLength(size);
            Alignment = Math.Max(minimumAlignment, opened.BlockAlignment);
            _blockMask = Alignment - 1;
            _isDirect = opened.MemoryAlignment != 0;
            _memoryMask = (nuint)Math.Max(opened.MemoryAlignment - 1, 0);
            _punches = ImageFile.CanPunch(_file, PunchHole | KeepSize);
            _bounces = new BouncePool();
            if (!_punches) _zeroes = new ZeroVectors();
            Description = $"{path} ({opened.Mode}{(_punches ? "" : ", the file system cannot punch holes: zeroes are written")})";
        }
        catch
        {
            _ = Syscalls.Close(_file);
            throw;
        }

        // A buffered file takes any transfer. Only an asked-for alignment is kept up.
        if (!_isDirect && minimumAlignment == 512) _blockMask = 0;
    }

    /// <summary>True when the file system of an image has no direct I/O, so that it goes through the page cache whatever is wanted.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static bool GoesThroughPageCache(string path)
    {
        var opened = ImageFile.Open(path, FileWay.Direct);
        _ = Syscalls.Close(opened.File);
        return opened.MemoryAlignment == 0;
    }

    /// <inheritdoc/>
    public long Size => Volatile.Read(ref _size);

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public int Alignment { get; }

    /// <inheritdoc/>
    public bool NeedsExclusive(in BackstoreRequest request) => request.Operation switch
    {
        BackstoreOperation.Write => IsPartial(request.Offset, request.Length),
        BackstoreOperation.Discard or BackstoreOperation.WriteZeroes => !_punches && IsPartial(request.Offset, request.Length),
        _ => false,
    };

    /// <inheritdoc/>
    public bool IsAllocated(long offset, out long length)
    {
        const int SeekData = 3;
        const int SeekHole = 4;
        length = Math.Max(0, Size - offset);
        if (length == 0) return false;
        var data = Syscalls.Seek(_file, offset, SeekData);
        if (data == -Errno.NoSuchAddress) return false;
        if (data > offset)
        {
            length = Math.Min(length, data - offset);
            return false;
        }
        var hole = data < 0 ? data : Syscalls.Seek(_file, offset, SeekHole);
        if (hole > offset) length = Math.Min(length, hole - offset);
        return true; // also when the file system does not say
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file is shorter than that.</exception>
    public void Grow(long newSize)
    {
        CheckSize(newSize, nameof(newSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(newSize, _size);
        CheckLength(newSize);
        Volatile.Write(ref _size, newSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _ = Syscalls.Close(_file);
        _bounces.Dispose();
        _zeroes?.Dispose();
    }

    private static void CheckSize(long size, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 512, name);
        if (size % 512 != 0) throw new ArgumentOutOfRangeException(name, size, "The size is a multiple of 512 bytes.");
    }

    private void CheckLength(long size)
    {
        const int SeekEnd = 2;
        var length = Syscalls.Seek(_file, 0, SeekEnd);
        if (length < 0) throw new IOException($"The image {_path} has no length: {Syscalls.Describe((int)length)}.");
        if (length < size)
            throw new IOException($"The image {_path} is {length} bytes long, shorter than the volume of {size}; it has been cut off or never made.");
    }

    private bool IsPartial(long offset, long length) => ((offset | length) & _blockMask) != 0;
}

using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>A volume that forgets what is written and reads as zeroes: for measuring everything but the store.</summary>
/// <param name="size">Size in bytes, at least 512 and a multiple of it.</param>
public sealed unsafe class NullBackstore(long size) : IBackstore
{
    private long _size = size >= 512 && size % 512 == 0
        ? size
        : throw new ArgumentOutOfRangeException(nameof(size), size, "The size is a multiple of 512 bytes, and not 0.");

    /// <summary>
    /// False leaves the memory of reads as it is, which shows an initiator the data of other commands: only for measurements on a disk that
    /// nobody else uses.
    /// </summary>
    public bool Fill { get; init; } = true;

    /// <inheritdoc/>
    public long Size => Volatile.Read(ref _size);

    /// <inheritdoc/>
    public string Description => "null";

    /// <inheritdoc/>
    public int Alignment => 512;

    /// <inheritdoc/>
    public bool NeedsExclusive(in BackstoreRequest request) => false;

    /// <inheritdoc/>
    /// <remarks>Answers at once.</remarks>
    public int Begin(BackstoreRequest* request, IIoEngine engine)
    {
        if (request->Operation == BackstoreOperation.Flush) return 0;
        if (request->Offset < 0 || request->Length < 0 || request->Offset > _size - request->Length) return -Errno.InvalidArgument;
        if (request->Operation != BackstoreOperation.Read) return 0;
        if (!VectorCursor.TryTrim(request, out _, out _)) return -Errno.InvalidArgument;
        if (Fill) VectorCursor.Clear(request, request->Length);
        return 0;
    }

    /// <inheritdoc/>
    public int Resume(BackstoreRequest* request, int result, IIoEngine engine) => -Errno.InvalidArgument;

    /// <inheritdoc/>
    public bool IsAllocated(long offset, out long length)
    {
        length = Math.Max(0, Size - offset);
        return false;
    }

    /// <inheritdoc/>
    public void Grow(long newSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(newSize, _size);
        if (newSize % 512 != 0) throw new ArgumentOutOfRangeException(nameof(newSize), newSize, "The size is a multiple of 512 bytes.");
        Volatile.Write(ref _size, newSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

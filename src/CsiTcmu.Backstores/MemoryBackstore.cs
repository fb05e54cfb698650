using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>A volume in this process's memory, gone with it. Takes memory only where something has been written.</summary>
public sealed unsafe class MemoryBackstore : IBackstore
{
    /// <summary>What is allocated and freed as one, bytes.</summary>
    private const int ChunkLength = 64 * 1024;

    private byte** _chunks;
    private long _count;
    private long _size;

    /// <summary>Makes an empty volume.</summary>
    /// <param name="size">Size in bytes, at least 512 and a multiple of it.</param>
    public MemoryBackstore(long size)
    {
        Check(size, nameof(size));
        Resize(size);
    }

    /// <inheritdoc/>
    public long Size => Volatile.Read(ref _size);

    /// <inheritdoc/>
    public string Description => "memory";

    /// <inheritdoc/>
    public int Alignment => 512;

    /// <inheritdoc/>
    public bool NeedsExclusive(in BackstoreRequest request) => false;

    /// <inheritdoc/>
    /// <remarks>Answers at once; <c>-ENOSPC</c> when there is no memory for a write.</remarks>
    public int Begin(BackstoreRequest* request, IIoEngine engine)
    {
        if (request->Operation == BackstoreOperation.Flush) return 0;
        if (request->Offset < 0 || request->Length < 0 || request->Offset > _size - request->Length) return -Errno.InvalidArgument;
        if (request->Operation is BackstoreOperation.Discard or BackstoreOperation.WriteZeroes)
        {
            Zero(request->Offset, request->Length);
            return 0;
        }
        if (!VectorCursor.TryTrim(request, out _, out _)) return -Errno.InvalidArgument;
        var offset = request->Offset;
        var left = request->Length;
        while (left > 0)
        {
            var bytes = Math.Min(left, ChunkLength - (offset % ChunkLength));
            var error = Move(request, offset, bytes);
            if (error < 0) return error;
            VectorCursor.Advance(request, bytes);
            offset += bytes;
            left -= bytes;
        }
        return 0;
    }

    /// <inheritdoc/>
    public int Resume(BackstoreRequest* request, int result, IIoEngine engine) => -Errno.InvalidArgument;

    /// <inheritdoc/>
    public bool IsAllocated(long offset, out long length)
    {
        length = 0;
        if (offset < 0 || offset >= _size) return false;
        var index = offset / ChunkLength;
        var allocated = _chunks[index] is not null;
        while (index < _count && _chunks[index] is not null == allocated) index++;
        length = Math.Min(index * ChunkLength, _size) - offset;
        return allocated;
    }

    /// <inheritdoc/>
    public void Grow(long newSize)
    {
        Check(newSize, nameof(newSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(newSize, _size);
        Resize(newSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var index = 0L; index < _count; index++) NativeMemory.Free(_chunks[index]);
        NativeMemory.Free(_chunks);
        _chunks = null;
        _count = 0;
    }

    private static void Check(long size, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 512, name);
        if (size % 512 != 0) throw new ArgumentOutOfRangeException(name, size, "The size is a multiple of 512 bytes.");
    }

    private void Resize(long size)
    {
        var count = ((size - 1) / ChunkLength) + 1;
        _chunks = (byte**)NativeMemory.Realloc(_chunks, (nuint)count * (nuint)sizeof(byte*));
        for (; _count < count; _count++) _chunks[_count] = null;
        Volatile.Write(ref _size, size);
    }

    /// <summary>Moves bytes of one chunk.</summary>
    private int Move(BackstoreRequest* request, long offset, long bytes)
    {
        ref var chunk = ref _chunks[offset / ChunkLength];
        var at = offset % ChunkLength;
        if (request->Operation == BackstoreOperation.Read)
        {
            if (chunk is null) VectorCursor.Clear(request, bytes);
            else VectorCursor.Scatter(request, chunk + at, bytes);
            return 0;
        }
        if (chunk is null)
        {
            try
            {
                chunk = (byte*)NativeMemory.AllocZeroed(ChunkLength);
            }
            catch (OutOfMemoryException)
            {
                return -Errno.NoSpace;
            }
        }
        VectorCursor.Gather(request, chunk + at, bytes);
        return 0;
    }

    private void Zero(long offset, long left)
    {
        while (left > 0)
        {
            ref var chunk = ref _chunks[offset / ChunkLength];
            var at = offset % ChunkLength;
            var bytes = Math.Min(left, ChunkLength - at);
            if (bytes == ChunkLength)
            {
                NativeMemory.Free(chunk);
                chunk = null;
            }
            else if (chunk is not null)
            {
                NativeMemory.Clear(chunk + at, (nuint)bytes);
            }
            offset += bytes;
            left -= bytes;
        }
    }
}

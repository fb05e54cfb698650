using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>Begins each bounce buffer; the data follow on the next page.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Bounce
{
    /// <summary>Most data of one buffer in bytes: the longest transfer of a disk (1 MiB) with a part of a block at either end.</summary>
    public const int Capacity = (1 << 20) + 8192;

    /// <summary>Distance of the data from the header in bytes; keeps them page-aligned.</summary>
    private const int HeaderLength = 4096;

    /// <summary>Length of a buffer with its header, bytes.</summary>
    public const int TotalLength = HeaderLength + Capacity;

    /// <summary>Next free buffer.</summary>
    public Bounce* Next;

    /// <summary>Position in the file where the data begin, bytes.</summary>
    public long Start;

    /// <summary>Whole blocks that the data cover, bytes.</summary>
    public int Length;

    /// <summary>First byte of the request among the data.</summary>
    public int First;

    /// <summary>First byte after the request's among the data.</summary>
    public int Last;

    /// <summary>What is still to be transferred in the current step; lives here since the kernel reads it.</summary>
    public Iovec Vector;

    /// <summary>First byte of the data of a buffer.</summary>
    public static byte* Data(Bounce* bounce) => (byte*)bounce + HeaderLength;
}

/// <summary>
/// The bounce buffers of one backstore: mapped on first need, so that a volume without unaligned requests has none; a few are kept.
/// Their pages get memory only as far as they are used.
/// </summary>
/// <remarks>
/// The number in use is bounded by the requests in flight alone. A fixed number could stop a reactor: a request that waits for a buffer
/// may stand before one that holds a buffer and waits for the engine.
/// </remarks>
internal sealed unsafe class BouncePool : IDisposable
{
    private const int MostKept = 8;

    private Bounce* _free;
    private int _kept;

    /// <summary>Takes a buffer.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public int TryTake(out Bounce* bounce)
    {
        bounce = _free;
        if (bounce is not null)
        {
            _free = bounce->Next;
            _kept--;
            return 0;
        }
        const int ReadWrite = 3;
        const int PrivateAnonymous = 0x22;
        var error = Syscalls.Map(Bounce.TotalLength, ReadWrite, PrivateAnonymous, -1, 0, out var address);
        bounce = (Bounce*)address;
        return error;
    }

    /// <summary>Gives a buffer back.</summary>
    public void Return(Bounce* bounce)
    {
        if (_kept == MostKept)
        {
            _ = Syscalls.Unmap((byte*)bounce, Bounce.TotalLength);
            return;
        }
        bounce->Next = _free;
        _free = bounce;
        _kept++;
    }

    public void Dispose()
    {
        while (_free is not null)
        {
            var next = _free->Next;
            _ = Syscalls.Unmap((byte*)_free, Bounce.TotalLength);
            _free = next;
        }
        _kept = 0;
    }
}

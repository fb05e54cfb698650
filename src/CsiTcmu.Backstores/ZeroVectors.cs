using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>
/// Iovecs over one page-aligned piece of zeroes, made once and never changed, so that any number of requests may use them at the same time.
/// </summary>
internal sealed unsafe class ZeroVectors : IDisposable
{
    /// <summary>Length of the zeroes in bytes.</summary>
    private const int PieceLength = 64 * 1024;

    private const int Unit = 512;
    private const int WholePieces = 16;

    private readonly byte* _zeroes;
    private readonly Iovec* _whole;
    private readonly Iovec* _parts;

    public ZeroVectors()
    {
        _zeroes = (byte*)NativeMemory.AlignedAlloc(PieceLength, 4096);
        new Span<byte>(_zeroes, PieceLength).Clear();
        _whole = (Iovec*)NativeMemory.Alloc(WholePieces, (nuint)sizeof(Iovec));
        for (var i = 0; i < WholePieces; i++) _whole[i] = new Iovec { Base = _zeroes, Length = PieceLength };
        _parts = (Iovec*)NativeMemory.Alloc(PieceLength / Unit, (nuint)sizeof(Iovec));
        for (var i = 0; i < PieceLength / Unit; i++) _parts[i] = new Iovec { Base = _zeroes, Length = (nuint)(i + 1) * Unit };
    }

    /// <summary>The longest vectors that hold at most this many bytes, a multiple of 512.</summary>
    public Iovec* Take(long most, out int count)
    {
        if (most >= PieceLength)
        {
            count = (int)Math.Min(WholePieces, most / PieceLength);
            return _whole;
        }
        count = 1;
        return _parts + (most / Unit) - 1;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_zeroes);
        NativeMemory.Free(_whole);
        NativeMemory.Free(_parts);
    }
}

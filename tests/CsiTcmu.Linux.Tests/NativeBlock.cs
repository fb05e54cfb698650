using System.Runtime.InteropServices;

namespace CsiTcmu.Linux.Tests;

/// <summary>Page-aligned memory that does not move.</summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    public NativeBlock(int length)
    {
        Address = (byte*)NativeMemory.AlignedAlloc((nuint)length, 4096);
        Length = length;
        Span.Clear();
    }

    public byte* Address { get; }

    public int Length { get; }

    public Span<byte> Span => new(Address, Length);

    public void Dispose() => NativeMemory.AlignedFree(Address);
}

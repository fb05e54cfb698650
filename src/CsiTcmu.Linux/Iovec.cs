using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>One piece of memory of a scattered transfer, as <c>readv(2)</c> takes it (<c>struct iovec</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Iovec
{
    /// <summary>First byte.</summary>
    public byte* Base;

    /// <summary>Length in bytes.</summary>
    public nuint Length;
}

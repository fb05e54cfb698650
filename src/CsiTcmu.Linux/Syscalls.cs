using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>
/// System calls as the kernel has them: the result is a count or descriptor, or <c>-errno</c>. Nothing throws. One partial file per subject.
/// </summary>
/// <remarks>
/// The C library's wrappers are called without <c>SetLastError</c>; <c>errno</c> is read right after a failure only, which the runtime
/// preserves over its own work on the way back.
/// </remarks>
public static unsafe partial class Syscalls
{
    private const string Libc = "libc";

    /// <summary>Turns the C library's -1 into <c>-errno</c>.</summary>
    private static int Result(int value) => value >= 0 ? value : -Marshal.GetLastSystemError();

    /// <summary>Turns the C library's -1 into <c>-errno</c>.</summary>
    private static nint Result(nint value) => value >= 0 ? value : -Marshal.GetLastSystemError();
}

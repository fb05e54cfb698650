using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

// The C library has no wrappers for these; their numbers are the same on every processor (asm-generic/unistd.h).
public static unsafe partial class Syscalls
{
    private const nint IoUringSetupNumber = 425;
    private const nint IoUringEnterNumber = 426;
    private const nint IoUringRegisterNumber = 427;

    /// <summary><c>io_uring_setup(2)</c>.</summary>
    /// <returns>Descriptor of the ring or <c>-errno</c>.</returns>
    internal static int IoUringSetup(uint entries, IoUringParameters* parameters) =>
        (int)Result(syscall(IoUringSetupNumber, (nint)entries, (nint)parameters, 0, 0, 0, 0));

    /// <summary><c>io_uring_enter(2)</c>; <paramref name="argument"/> as the flags say.</summary>
    /// <returns>Entries submitted, or <c>-errno</c>.</returns>
    internal static int IoUringEnter(int ring, uint submit, uint minimumComplete, uint flags, void* argument, nuint argumentSize) =>
        (int)Result(syscall(IoUringEnterNumber, ring, (nint)submit, (nint)minimumComplete, (nint)flags, (nint)argument, (nint)argumentSize));

    /// <summary><c>io_uring_register(2)</c>.</summary>
    /// <returns>0 or a count, or <c>-errno</c>.</returns>
    internal static int IoUringRegister(int ring, uint operation, void* argument, uint count) =>
        (int)Result(syscall(IoUringRegisterNumber, ring, (nint)operation, (nint)argument, (nint)count, 0, 0));

    [LibraryImport(Libc)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);
}

using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    /// <summary><c>mmap(2)</c>; <paramref name="protection"/> PROT_* (read 1, write 2), <paramref name="flags"/> MAP_* bits.</summary>
    /// <returns>0 and the address, or <c>-errno</c>.</returns>
    public static int Map(nuint length, int protection, int flags, int file, long offset, out byte* address)
    {
        address = (byte*)mmap(null, length, protection, flags, file, offset);
        if (address != (byte*)-1) return 0;
        var error = -Marshal.GetLastSystemError();
        address = null;
        return error;
    }

    /// <summary><c>munmap(2)</c>.</summary>
    public static int Unmap(byte* address, nuint length) => Result(munmap(address, length));

    /// <summary><c>madvise(2)</c>.</summary>
    public static int Advise(byte* address, nuint length, int advice) => Result(madvise(address, length, advice));

    [LibraryImport(Libc)]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport(Libc)]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport(Libc)]
    private static partial int madvise(void* address, nuint length, int advice);
}

using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>Flags of <see cref="Syscalls.Open"/>; the values that differ between processors are chosen at start.</summary>
[Flags]
public enum OpenFlags
{
    /// <summary>O_RDONLY.</summary>
    ReadOnly = 0,

    /// <summary>O_WRONLY.</summary>
    WriteOnly = 1,

    /// <summary>O_RDWR.</summary>
    ReadWrite = 2,

    /// <summary>O_CREAT.</summary>
    Create = 0x40,

    /// <summary>O_EXCL.</summary>
    Exclusive = 0x80,

    /// <summary>O_TRUNC.</summary>
    Truncate = 0x200,

    /// <summary>O_NONBLOCK.</summary>
    NonBlocking = 0x800,

    /// <summary>O_CLOEXEC.</summary>
    CloseOnExec = 0x80000,

    /// <summary>O_PATH.</summary>
    Path = 0x200000,

    /// <summary>O_DIRECT; <see cref="Syscalls.Open"/> passes the processor's own bit.</summary>
    Direct = 0x4000,

    /// <summary>O_DIRECTORY; <see cref="Syscalls.Open"/> passes the processor's own bit.</summary>
    Directory = 0x10000,

    /// <summary>O_NOFOLLOW; <see cref="Syscalls.Open"/> passes the processor's own bit.</summary>
    NoFollow = 0x20000,

    /// <summary>With <see cref="Directory"/>, O_TMPFILE: the path is a folder, the file has no name in it.</summary>
    Unnamed = 0x400000,
}

public static unsafe partial class Syscalls
{
    /// <summary><c>open(2)</c>.</summary>
    /// <returns>Descriptor or <c>-errno</c>.</returns>
    public static int Open(string path, OpenFlags flags, int mode = 0) => Result(open(path, ForProcessor(flags), mode));

    /// <summary><c>close(2)</c>.</summary>
    public static int Close(int file) => Result(close(file));

    /// <summary><c>read(2)</c>.</summary>
    public static nint Read(int file, void* buffer, nuint length) => Result(read(file, buffer, length));

    /// <summary><c>write(2)</c>.</summary>
    public static nint Write(int file, void* buffer, nuint length) => Result(write(file, buffer, length));

    /// <summary><c>preadv(2)</c>.</summary>
    public static nint ReadVector(int file, Iovec* vectors, int count, long offset) => Result(preadv(file, vectors, count, offset));

    /// <summary><c>pwritev2(2)</c>; <paramref name="flags"/> are RWF_* bits.</summary>
    public static nint WriteVector(int file, Iovec* vectors, int count, long offset, int flags = 0) =>
        Result(pwritev2(file, vectors, count, offset, flags));

    /// <summary><c>fsync(2)</c>.</summary>
    public static int Sync(int file) => Result(fsync(file));

    /// <summary><c>fdatasync(2)</c>.</summary>
    public static int DataSync(int file) => Result(fdatasync(file));

    /// <summary><c>fallocate(2)</c>; <paramref name="mode"/> are FALLOC_FL_* bits.</summary>
    public static int Allocate(int file, int mode, long offset, long length) => Result(fallocate(file, mode, offset, length));

    /// <summary><c>ftruncate(2)</c>.</summary>
    public static int Truncate(int file, long length) => Result(ftruncate(file, length));

    /// <summary><c>flock(2)</c>; <paramref name="operation"/> are LOCK_* bits (LOCK_EX 2, LOCK_NB 4, LOCK_UN 8).</summary>
    public static int Lock(int file, int operation) => Result(flock(file, operation));

    /// <summary><c>ioctl(2)</c> with a pointer argument.</summary>
    public static int Control(int file, nuint request, void* argument) => Result(ioctl(file, request, argument));

    /// <summary><c>lseek(2)</c>; <paramref name="whence"/>: SEEK_DATA 3, SEEK_HOLE 4.</summary>
    public static long Seek(int file, long offset, int whence) => Result((nint)lseek(file, offset, whence));

    /// <summary>The text of an error number, e.g. <c>No space left on device (ENOSPC)</c> for 28 or -28.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(Math.Abs(error));

    private static int ForProcessor(OpenFlags flags)
    {
        // arm64 has its own O_DIRECT, O_DIRECTORY and O_NOFOLLOW (arch/arm64/include/uapi/asm/fcntl.h).
        if (RuntimeInformation.ProcessArchitecture != Architecture.Arm64) return (int)flags;
        const OpenFlags Moved = OpenFlags.Direct | OpenFlags.Directory | OpenFlags.NoFollow;
        var value = (int)(flags & ~Moved);
        if (flags.HasFlag(OpenFlags.Direct)) value |= 0x10000;
        if (flags.HasFlag(OpenFlags.Directory)) value |= 0x4000;
        if (flags.HasFlag(OpenFlags.NoFollow)) value |= 0x8000;
        return value;
    }

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport(Libc)]
    private static partial int close(int file);

    [LibraryImport(Libc)]
    private static partial nint read(int file, void* buffer, nuint length);

    [LibraryImport(Libc)]
    private static partial nint write(int file, void* buffer, nuint length);

    [LibraryImport(Libc)]
    private static partial nint preadv(int file, Iovec* vectors, int count, long offset);

    [LibraryImport(Libc)]
    private static partial nint pwritev2(int file, Iovec* vectors, int count, long offset, int flags);

    [LibraryImport(Libc)]
    private static partial int fsync(int file);

    [LibraryImport(Libc)]
    private static partial int fdatasync(int file);

    [LibraryImport(Libc)]
    private static partial int fallocate(int file, int mode, long offset, long length);

    [LibraryImport(Libc)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport(Libc)]
    private static partial int flock(int file, int operation);

    [LibraryImport(Libc)]
    private static partial int ioctl(int file, nuint request, void* argument);

    [LibraryImport(Libc)]
    private static partial long lseek(int file, long offset, int whence);
}

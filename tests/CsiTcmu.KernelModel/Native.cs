using System.Runtime.InteropServices;

namespace CsiTcmu.KernelModel;

/// <summary>Calls that only the model needs.</summary>
internal static unsafe partial class Native
{
    private const string Libc = "libc";

    /// <summary>A connected pair; what is written to one end is read from the other.</summary>
    public static (int Kernel, int User) SocketPair()
    {
        const int UnixStreamCloseOnExec = 1 | 0x80000, SetFlags = 4, ReadWriteNonBlocking = 2 | 0x800;
        var ends = stackalloc int[2];
        if (socketpair(1, UnixStreamCloseOnExec, 0, ends) != 0 || fcntl(ends[1], SetFlags, ReadWriteNonBlocking) != 0)
            throw new IOException($"socketpair: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastSystemError())}");
        return (ends[0], ends[1]);
    }

    /// <summary>Ends both directions, so that readers of both ends get an end of file.</summary>
    public static void Shutdown(int file) => _ = shutdown(file, 2);

    /// <summary>Bytes that the other end has not read yet.</summary>
    public static int UnreadByPeer(int file)
    {
        const nuint OutputQueue = 0x5411;
        var bytes = 0;
        _ = ioctl(file, OutputQueue, &bytes);
        return bytes;
    }

    /// <summary>True when the other end is closed.</summary>
    public static bool PeerClosed(int file)
    {
        const short HangUp = 0x10;
        var descriptor = new PollDescriptor { File = file };
        return poll(&descriptor, 1, 0) > 0 && (descriptor.Returned & HangUp) != 0;
    }

    /// <summary>Address space whose first bytes are zeroed memory; what is behind them is not accessible.</summary>
    public static byte* Reserve(long length, long accessible)
    {
        var address = Mapped(mmap(null, (nuint)length, ReadWrite, PrivateAnonymous, -1, 0));
        if (accessible < length) Forbid(address + accessible, length - accessible);
        return address;
    }

    /// <summary>Makes a range inaccessible, and forgets what was there.</summary>
    public static void Forbid(byte* address, long length) => Mapped(mmap(address, (nuint)length, 0, PrivateAnonymous | Fixed, -1, 0));

    /// <summary>A file in memory.</summary>
    public static int MemoryFile(long length)
    {
        const uint CloseOnExec = 1;
        var name = stackalloc byte[] { (byte)'m', 0 };
        var file = memfd_create(name, CloseOnExec);
        if (file < 0 || ftruncate(file, length) != 0) throw new IOException($"memfd_create: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastSystemError())}");
        return file;
    }

    /// <summary>Maps a part of a file, shared; at an address, instead of what is there, or anywhere.</summary>
    public static byte* MapFile(int file, byte* address, long offset, long length, bool writable) =>
        Mapped(mmap(address, (nuint)length, writable ? ReadWrite : ReadOnly, address == null ? Shared : Shared | Fixed, file, offset));

    private const int ReadOnly = 1, ReadWrite = 3, Shared = 1, Fixed = 0x10, PrivateAnonymous = 0x22;

    private static byte* Mapped(byte* address) => (nint)address != -1
        ? address
        : throw new IOException($"mmap: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastSystemError())}");

    [LibraryImport(Libc)]
    private static partial byte* mmap(byte* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport(Libc)]
    private static partial int memfd_create(byte* name, uint flags);

    [LibraryImport(Libc)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport(Libc)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport(Libc)]
    private static partial int fcntl(int file, int command, nint argument);

    [LibraryImport(Libc)]
    private static partial int shutdown(int file, int how);

    [LibraryImport(Libc)]
    private static partial int ioctl(int file, nuint request, int* argument);

    [LibraryImport(Libc)]
    private static partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int File;
        public short Wanted;
        public short Returned;
    }
}

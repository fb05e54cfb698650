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

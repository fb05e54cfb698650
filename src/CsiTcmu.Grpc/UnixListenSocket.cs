using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CsiTcmu.Grpc;

/// <summary>Makes the bound socket that the server listens on.</summary>
internal static partial class UnixListenSocket
{
    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    /// <summary>Binds a socket to a path: makes the directory, removes a socket that nobody listens on, and sets the permission bits
    /// before anyone can connect. The file goes away when the socket is disposed.</summary>
    /// <remarks>Two processes that start in the same instant may both find the same stale socket. Whoever cannot have that holds a lock
    /// of its own around the start.</remarks>
    /// <param name="path">Where; absolute, short enough.</param>
    /// <param name="mode">Permission bits of the socket.</param>
    /// <returns>The socket, bound and not yet listening.</returns>
    /// <exception cref="IOException">Somebody listens there, something else is there, or the system refuses.</exception>
    public static Socket Bind(string path, UnixFileMode mode)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, DirectoryMode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot make the directory of the socket {path}: {e.Message}", e);
        }

        RemoveStale(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Until listen(2) every connect(2) is refused, so nobody slips in under the permission bits of the umask.
            File.SetUnixFileMode(path, mode);
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException or IOException or UnauthorizedAccessException)
                throw new IOException($"Cannot listen on {path}: {e.Message}", e);
            throw;
        }
    }

    private static void RemoveStale(string path)
    {
        if (TypeOf(path) is not { } type)
            return;
        if (type != FileType.Socket)
            throw new IOException($"Cannot listen on {path}: something that is not a socket is there. Remove it or choose another path.");

        // A socket without a listener refuses.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            // A listener with a full backlog has a non-blocking connect wait: it lives.
        }
        catch (SocketException e)
        {
            if (TypeOf(path) is null)
                return;
            throw new IOException($"Cannot tell whether another process listens on {path}: {e.Message}", e);
        }

        throw new IOException($"Another process listens on {path}. Stop it or choose another path.");
    }

    /// <summary>The type of what is at a path, symbolic links not followed; null when nothing is there.</summary>
    private static FileType? TypeOf(string path)
    {
        // struct statx (include/uapi/linux/stat.h) has one layout on every processor: 256 bytes, stx_mode at 28.
        const int atCurrentDirectory = -100, atSymlinkNofollow = 0x100, statxType = 1, modeOffset = 28;
        Span<byte> status = stackalloc byte[256];
        if (Statx(atCurrentDirectory, path, atSymlinkNofollow, statxType, ref MemoryMarshal.GetReference(status)) != 0)
            return null;
        return (FileType)(MemoryMarshal.Read<ushort>(status[modeOffset..]) & 0xF000);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte status);

    /// <summary>S_IFMT of inode(7).</summary>
    private enum FileType
    {
        Socket = 0xC000,
    }
}

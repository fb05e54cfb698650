using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    private const nuint HandleOfFile = 0xC038586A; // XFS_IOC_FD_TO_HANDLE, fs/xfs/libxfs/xfs_fs.h
    private const nuint OpenHandle = 0xC038586B; // XFS_IOC_OPEN_BY_HANDLE
    private const int HandleLength = 24; // struct xfs_handle
    private const int SetFileFlags = 2; // F_SETFD
    private const int CloseOnExecFlag = 1; // FD_CLOEXEC

    /// <summary>Opens an open file of XFS once more, so that what is written by the new descriptor changes no times of the file.</summary>
    /// <remarks>
    /// A program that is started by another thread at this very moment may inherit the descriptor: XFS does not take O_CLOEXEC here.
    /// </remarks>
    /// <param name="file">The file.</param>
    /// <param name="folder">Any folder of the same file system, open for reading.</param>
    /// <param name="flags">As for <see cref="Open"/>.</param>
    /// <returns>Descriptor, or <c>-errno</c>: ENOTTY where the file system is another one, EPERM without CAP_SYS_ADMIN.</returns>
    public static int OpenWithoutTimes(int file, int folder, OpenFlags flags)
    {
        var handle = stackalloc byte[HandleLength];
        uint length = 0;
        var request = new HandleRequest { File = (uint)file, Output = handle, OutputLength = &length };
        var result = Control(file, HandleOfFile, &request);
        if (result < 0) return result;
        request = new HandleRequest { Flags = (uint)ForProcessor(flags & ~OpenFlags.CloseOnExec), Input = handle, InputLength = length };
        result = Control(folder, OpenHandle, &request);
        if (result >= 0 && flags.HasFlag(OpenFlags.CloseOnExec)) _ = fcntl(result, SetFileFlags, CloseOnExecFlag);
        return result;
    }

    [LibraryImport(Libc)]
    private static partial int fcntl(int file, int command, int argument);

    /// <summary><c>struct xfs_fsop_handlereq</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct HandleRequest
    {
        public uint File;
        public byte* Path;
        public uint Flags;
        public byte* Input;
        public uint InputLength;
        public byte* Output;
        public uint* OutputLength;
    }
}

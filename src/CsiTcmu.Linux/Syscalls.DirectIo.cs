using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    /// <summary>
    /// What O_DIRECT asks of a file's transfers, by <c>statx(2)</c> with STATX_DIOALIGN (Linux 6.1; not every file system answers).
    /// </summary>
    /// <param name="file">Open file.</param>
    /// <param name="memory">Alignment of memory in bytes; 0 when the file cannot do O_DIRECT.</param>
    /// <param name="offset">Alignment of offsets and lengths in bytes; 0 when the file cannot do O_DIRECT.</param>
    /// <returns>0; <c>-EOPNOTSUPP</c> when kernel or file system do not say; or another <c>-errno</c>.</returns>
    public static int DirectAlignment(int file, out int memory, out int offset)
    {
        const int EmptyPath = 0x1000;
        const uint DirectAlignmentMask = 0x2000;
        memory = offset = 0;
        var status = stackalloc uint[64]; // struct statx: stx_mask at byte 0, stx_dio_mem_align at 152, stx_dio_offset_align at 156
        byte empty = 0;
        var result = Result(statx_direct_alignment(file, &empty, EmptyPath, DirectAlignmentMask, status));
        if (result < 0) return result;
        if ((status[0] & DirectAlignmentMask) == 0) return -Errno.NotSupported;
        memory = (int)status[38];
        offset = (int)status[39];
        return 0;
    }

    [LibraryImport(Libc, EntryPoint = "statx")]
    private static partial int statx_direct_alignment(int folder, byte* path, int flags, uint mask, uint* status);
}

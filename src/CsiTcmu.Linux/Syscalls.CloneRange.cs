namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    private const nuint CloneRangeRequest = 0x4020940d; // FICLONERANGE, include/uapi/linux/fs.h

    /// <summary><c>FICLONERANGE</c>: a part of a file gets the content of a part of another one by sharing its blocks (ioctl_ficlonerange(2)).</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="offset">Where in it; a whole block of the file system.</param>
    /// <param name="source">Open for reading, on the same file system.</param>
    /// <param name="sourceOffset">Where in that; a whole block.</param>
    /// <param name="length">Bytes; whole blocks.</param>
    /// <returns>0 or <c>-errno</c>: EOPNOTSUPP or EINVAL where the file system cannot share, EXDEV for two file systems.</returns>
    public static int CloneRange(int file, long offset, int source, long sourceOffset, long length)
    {
        var range = stackalloc long[] { source, sourceOffset, length, offset }; // struct file_clone_range
        return Control(file, CloneRangeRequest, range);
    }
}

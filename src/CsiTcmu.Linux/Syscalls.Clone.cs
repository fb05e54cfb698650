namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    private const nuint CloneRequest = 0x40049409; // FICLONE, include/uapi/linux/fs.h

    /// <summary>
    /// <c>FICLONE</c>: the file gets the content of another one by sharing its blocks (ioctl_ficlone(2)); what the other one has in the page cache
    /// is written first.
    /// </summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="source">Open for reading, on the same file system.</param>
    /// <returns>0 or <c>-errno</c>: EOPNOTSUPP or EINVAL where the file system cannot share, EXDEV for two file systems.</returns>
    public static int Clone(int file, int source) => Control(file, CloneRequest, (void*)(nint)source);
}

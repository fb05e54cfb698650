namespace CsiTcmu.Linux;

/// <summary>Error numbers of <c>asm-generic/errno.h</c>, the same on x86-64 and arm64. System calls return them negated.</summary>
public static class Errno
{
    /// <summary>EPERM: operation not permitted.</summary>
    public const int NotPermitted = 1;

    /// <summary>ENOENT: no such file or folder.</summary>
    public const int NoEntry = 2;

    /// <summary>EINTR: interrupted by a signal.</summary>
    public const int Interrupted = 4;

    /// <summary>EIO: input/output error.</summary>
    public const int InputOutput = 5;

    /// <summary>ENXIO: no such address; for SEEK_DATA: no data from there on.</summary>
    public const int NoSuchAddress = 6;

    /// <summary>EBADF: not an open descriptor.</summary>
    public const int BadDescriptor = 9;

    /// <summary>EAGAIN: try again.</summary>
    public const int TryAgain = 11;

    /// <summary>ENOMEM: out of memory.</summary>
    public const int OutOfMemory = 12;

    /// <summary>EACCES: permission denied.</summary>
    public const int AccessDenied = 13;

    /// <summary>EBUSY: in use.</summary>
    public const int Busy = 16;

    /// <summary>EEXIST: exists already.</summary>
    public const int Exists = 17;

    /// <summary>EXDEV: two file systems.</summary>
    public const int CrossDevice = 18;

    /// <summary>ENODEV: no such device.</summary>
    public const int NoDevice = 19;

    /// <summary>ENOTDIR: not a folder.</summary>
    public const int NotDirectory = 20;

    /// <summary>EINVAL: invalid argument.</summary>
    public const int InvalidArgument = 22;

    /// <summary>ENOTTY: the file does not know this <c>ioctl</c>.</summary>
    public const int NoSuchControl = 25;

    /// <summary>EFBIG: larger than the file system allows.</summary>
    public const int FileTooBig = 27;

    /// <summary>ENOSPC: no space left.</summary>
    public const int NoSpace = 28;

    /// <summary>EROFS: the file system is read-only.</summary>
    public const int ReadOnlyFileSystem = 30;

    /// <summary>ENOSYS: no such system call.</summary>
    public const int NoSystemCall = 38;

    /// <summary>ENOTEMPTY: the folder is not empty.</summary>
    public const int NotEmpty = 39;

    /// <summary>ETIME: timer expired.</summary>
    public const int TimeExpired = 62;

    /// <summary>EBADFD: descriptor in a bad state; io_uring's answer while a ring is disabled.</summary>
    public const int BadState = 77;

    /// <summary>EOPNOTSUPP: not supported by the file system.</summary>
    public const int NotSupported = 95;

    /// <summary>EDQUOT: the quota is used up.</summary>
    public const int QuotaExceeded = 122;
}

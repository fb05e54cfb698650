namespace CsiTcmu.Linux;

/// <summary>Error numbers that have a meaning to this program; the same on x86-64 and arm64 (include/uapi/asm-generic/errno*.h).</summary>
public static class Errno
{
    /// <summary>ENOENT.</summary>
    public const int NoEntry = 2;

    /// <summary>EIO.</summary>
    public const int InputOutput = 5;

    /// <summary>EAGAIN, which is EWOULDBLOCK too.</summary>
    public const int Again = 11;

    /// <summary>EBUSY.</summary>
    public const int Busy = 16;

    /// <summary>EEXIST.</summary>
    public const int Exists = 17;

    /// <summary>ENODEV.</summary>
    public const int NoDevice = 19;

    /// <summary>ENOTDIR.</summary>
    public const int NotDirectory = 20;

    /// <summary>EINVAL.</summary>
    public const int Invalid = 22;

    /// <summary>EFBIG.</summary>
    public const int FileTooBig = 27;

    /// <summary>ENOSPC.</summary>
    public const int NoSpace = 28;

    /// <summary>EROFS.</summary>
    public const int ReadOnlyFileSystem = 30;

    /// <summary>ENOTEMPTY.</summary>
    public const int NotEmpty = 39;

    /// <summary>ELOOP.</summary>
    public const int Loop = 40;

    /// <summary>EDQUOT.</summary>
    public const int QuotaExceeded = 122;
}

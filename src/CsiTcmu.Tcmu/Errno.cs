namespace CsiTcmu.Tcmu;

/// <summary>Error numbers that have a meaning here; the same on x86-64 and arm64 (include/uapi/asm-generic/errno*.h).</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int InputOutput = 5;
    public const int Again = 11;
    public const int Access = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int NoDevice = 19;
    public const int NotDirectory = 20;
    public const int Invalid = 22;
    public const int ReadOnly = 30;
    public const int NotEmpty = 39;
}

namespace CsiTcmu.Linux;

/// <summary>The kernel, a sysctl or a seccomp filter refuses io_uring. The message says which call, why, and what mends it.</summary>
public sealed class IoUringRefusedException : IOException
{
    private const string DisabledSysctl = "/proc/sys/kernel/io_uring_disabled";

    internal IoUringRefusedException(int error, string refused)
        : base($"{refused} is refused: {Syscalls.Describe(error)} (errno {-error}). {Remedy(-error)}") => Error = -error;

    /// <summary>The error number, positive.</summary>
    public int Error { get; }

    private static string Remedy(int error)
    {
        var disabled = File.Exists(DisabledSysctl) ? File.ReadAllText(DisabledSysctl).Trim() : "0";
        if (error is Errno.NotPermitted or Errno.AccessDenied && disabled != "0")
            return $"The sysctl kernel.io_uring_disabled is {disabled}; `sysctl -w kernel.io_uring_disabled=0` allows it.";
        return error switch
        {
            Errno.NotPermitted or Errno.AccessDenied =>
                "A seccomp profile forbids it; one that allows io_uring_setup, io_uring_enter and io_uring_register mends that "
                + "(in a pod: securityContext.seccompProfile of type Unconfined or Localhost).",
            Errno.NoSystemCall => "It needs Linux 5.13 with CONFIG_IO_URING, and a seccomp profile that does not hide it.",
            Errno.OutOfMemory => "Memory for its rings is short; a higher limit of locked memory (ulimit -l) or of the control group mends that.",
            _ => "The kernel's log may say more.",
        };
    }
}

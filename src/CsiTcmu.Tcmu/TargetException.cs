using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu;

/// <summary>The kernel's target subsystem refused something; the message names the path, the error and what to do.</summary>
public sealed class TargetException : IOException
{
    internal TargetException(string path, int error, string what, string fix)
        : base($"{path}: {what}{(error == 0 ? "" : $": {Syscalls.Describe(error)}")}. {fix}")
    {
        Path = path;
        Error = Math.Abs(error);
    }

    /// <summary>The file or folder that it is about.</summary>
    public string Path { get; }

    /// <summary>The kernel's error number, positive, or 0 when the kernel refused nothing.</summary>
    public int Error { get; }
}

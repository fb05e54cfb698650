namespace CsiTcmu.Linux;

/// <summary>A failed system call, where an exception suits better than <c>-errno</c>.</summary>
/// <param name="what">What was tried, with the name of the file: <c>/pool/x cannot be written</c>.</param>
/// <param name="error">The error number, positive or negative.</param>
public sealed class SystemCallException(string what, int error) : IOException($"{what}: {Syscalls.Describe(error)}.")
{
    /// <summary>The error number, positive.</summary>
    public int Error { get; } = Math.Abs(error);

    /// <summary>Throws when <paramref name="result"/> is a <c>-errno</c>.</summary>
    /// <returns>The result.</returns>
    public static int Check(int result, string what) => result >= 0 ? result : throw new SystemCallException(what, result);
}

using System.Text;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu;

/// <summary>Attribute files of configfs and sysfs: one <c>write(2)</c> is one command to the kernel, and its errno is the answer.</summary>
internal static unsafe class KernelFiles
{
    // sysfs and configfs attributes are at most a page.
    private const int MaxLength = 4096;

    /// <summary>Reads an attribute.</summary>
    /// <returns>Its text, or null and <c>-errno</c>.</returns>
    public static string? TryReadText(string path, out int error)
    {
        error = Syscalls.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec);
        if (error < 0) return null;
        var file = error;
        var buffer = stackalloc byte[MaxLength];
        var length = 0;
        while (length < MaxLength)
        {
            var result = Syscalls.Read(file, buffer + length, (nuint)(MaxLength - length));
            if (result <= 0)
            {
                error = (int)result;
                break;
            }

            length += (int)result;
        }

        _ = Syscalls.Close(file);
        return error < 0 ? null : Encoding.UTF8.GetString(buffer, length);
    }

    /// <summary>Reads an attribute.</summary>
    /// <returns>Its text, or null when it cannot be read.</returns>
    public static string? TryReadText(string path) => TryReadText(path, out _);

    /// <summary>Reads an attribute.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string ReadText(string path) =>
        TryReadText(path, out var error) ?? throw new IOException($"{path} cannot be read: {Syscalls.Describe(error)}.");

    /// <summary>Writes an attribute, without a line break (some attributes would keep it).</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int TryWrite(string path, string value)
    {
        var file = Syscalls.Open(path, OpenFlags.WriteOnly | OpenFlags.CloseOnExec);
        if (file < 0) return file;
        var bytes = Encoding.UTF8.GetBytes(value);
        nint result;
        fixed (byte* start = bytes) result = Syscalls.Write(file, start, (nuint)bytes.Length);
        _ = Syscalls.Close(file);
        return result < 0 ? (int)result : 0;
    }
}

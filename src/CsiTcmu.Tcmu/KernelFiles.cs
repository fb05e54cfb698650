using System.Text;
using CsiTcmu.Linux;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Tcmu;

/// <summary>Files and folders of configfs and sysfs: one call is one command to the kernel, and its errno is the answer.</summary>
internal static class KernelFiles
{
    // An attribute is at most a page.
    private const int MaxLength = 4096;

    /// <summary>Reads an attribute.</summary>
    /// <returns>Its text, or null and <c>-errno</c>.</returns>
    public static unsafe string? TryRead(string path, out int error)
    {
        error = Syscalls.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec);
        if (error < 0) return null;
        var file = error;
        var buffer = stackalloc byte[MaxLength];
        var length = 0;
        while (length < MaxLength)
        {
            error = (int)Syscalls.Read(file, buffer + length, (nuint)(MaxLength - length));
            if (error <= 0) break;
            length += error;
        }

        _ = Syscalls.Close(file);
        return error < 0 ? null : Encoding.UTF8.GetString(buffer, length);
    }

    /// <summary>Reads an attribute without the line break at its end.</summary>
    /// <returns>Its text, or null when it cannot be read.</returns>
    public static string? TryRead(string path) => TryRead(path, out _)?.TrimEnd('\n');

    /// <summary>Reads an attribute without the line break at its end.</summary>
    /// <exception cref="TargetException">It cannot be read.</exception>
    public static string Read(string path) =>
        TryRead(path, out var error)?.TrimEnd('\n') ?? throw new TargetException(path, error, "cannot be read", Fix(error));

    /// <summary>Writes an attribute, without a line break (some attributes would keep it).</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static unsafe int TryWrite(string path, string value)
    {
        var file = Syscalls.Open(path, OpenFlags.WriteOnly | OpenFlags.CloseOnExec);
        if (file < 0) return file;
        var bytes = Encoding.UTF8.GetBytes(value);
        nint result;
        fixed (byte* start = bytes) result = Syscalls.Write(file, start, (nuint)bytes.Length);
        _ = Syscalls.Close(file);
        return result < 0 ? (int)result : 0;
    }

    /// <summary>Writes an attribute.</summary>
    /// <exception cref="TargetException">It cannot be written.</exception>
    public static void Write(string path, string value, string? fix = null)
    {
        var error = TryWrite(path, value);
        if (error < 0) throw Refusal(path, value, error, fix);
    }

    /// <summary>Writes an attribute that may have the kernel wait for commands of a disk.</summary>
    /// <exception cref="TargetException">It cannot be written.</exception>
    public static async Task WriteOutOfProcessAsync(string path, string value)
    {
        var error = await OutOfProcess.WriteAsync(path, value);
        if (error < 0) throw Refusal(path, value, error, null);
    }

    private static TargetException Refusal(string path, string value, int error, string? fix) =>
        new(path, error, $"'{value}' is not accepted", fix ?? Fix(error));

    /// <summary>Makes a chain of folders, each below the one before it; those that are there stay.</summary>
    /// <remarks>Another thread may remove an empty folder of the chain in between; then the chain is begun again.</remarks>
    /// <exception cref="TargetException">One cannot be made.</exception>
    public static void MakeFolders(string root, string fix, params ReadOnlySpan<string> chain)
    {
        const int Attempts = 20;
        for (var attempt = 1; ; attempt++)
        {
            var path = root;
            var error = 0;
            foreach (var name in chain)
            {
                path += "/" + name;
                error = Syscalls.MakeDirectory(path);
                if (error == -Errno.Exists) error = 0;
                if (error < 0) break;
            }

            if (error >= 0) return;
            if (error != -Errno.NoEntry || attempt == Attempts || !Directory.Exists(root))
            {
                var isRight = error is -Errno.NotPermitted or -Errno.Access or -Errno.ReadOnly;
                throw new TargetException(path, error, "cannot be made", isRight ? Fix(error) : fix);
            }
        }
    }

    /// <summary>Removes a folder; one that is not there is fine.</summary>
    /// <exception cref="TargetException">It cannot be removed.</exception>
    public static void RemoveFolder(string path)
    {
        var error = Syscalls.RemoveDirectory(path);
        if (error < 0 && error != -Errno.NoEntry) throw new TargetException(path, error, "cannot be removed", Fix(error));
    }

    /// <summary>Removes a folder that others may share, when it is empty.</summary>
    public static void RemoveFolderIfEmpty(string path) => _ = Syscalls.RemoveDirectory(path);

    /// <summary>Names of the folders in a folder; empty when it is absent.</summary>
    public static IEnumerable<string> Folders(string path)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(path).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string Fix(int error) => -error switch
    {
        Errno.NotPermitted or Errno.Access => "This needs root, and in a container the host's configfs and sysfs, writable.",
        Errno.ReadOnly => "Mount configfs and sysfs writable; in a container, run it privileged.",
        Errno.NoEntry => "Load the modules target_core_user and tcm_loop (modprobe) and mount configfs at /sys/kernel/config.",
        Errno.Busy => "Something still uses it: a LUN that links to it, or a process that has it open.",
        Errno.NotEmpty => "It holds something that was not made by this program; remove that first.",
        Errno.Invalid => "The kernel log (dmesg) tells which value it means.",
        _ => "The kernel log (dmesg) may tell more.",
    };
}

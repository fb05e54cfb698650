using System.Runtime.InteropServices;
using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Linux.Tools;

/// <summary>Kernel calls that may wait for a disk, each in a process of its own.</summary>
/// <remarks>
/// A thread that waits in the kernel for a disk cannot be killed, and as long as it waits its process keeps what it holds: memory, files, locks.
/// If the disk is served by that same process, then after a SIGKILL nobody else could ever map the disk's ring, and both would wait forever.
/// So a process that serves disks has such calls made by a child, which holds nothing that the next server needs: it waits on, is
/// answered by that server, and ends.
/// </remarks>
public static class OutOfProcess
{
    private const int MostErrors = 133;

    /// <summary><c>mount(2)</c> of a file system on a block device.</summary>
    /// <returns>Null, or what the program said.</returns>
    /// <exception cref="IOException">mount(8) cannot be started.</exception>
    public static async Task<string?> MountAsync(string source, string target, string type, MountOptions options)
    {
        // Internal, without mtab, paths as they are; -w: never read-only unless it was asked for.
        string[] access = options.Flags.HasFlag(MountFlags.ReadOnly) ? ["-r"] : ["-w"];
        var words = options.ToString();
        string[] chosen = words.Length > 0 ? ["-o", words] : [];
        var result = await Tool.RunAsync("mount", ["-i", "-n", "-c", .. access, "-t", type, .. chosen, source, target]);
        return result.ExitCode == 0 ? null : result.Summary;
    }

    /// <summary><c>umount2(2)</c>.</summary>
    /// <returns>Null, or what the program said.</returns>
    /// <exception cref="IOException">umount(8) cannot be started.</exception>
    public static async Task<string?> UnmountAsync(string target)
    {
        var result = await Tool.RunAsync("umount", ["-i", "-n", "-c", target]);
        return result.ExitCode == 0 ? null : result.Summary;
    }

    /// <summary>
    /// <c>FIFREEZE</c>: a mounted file system writes what it has to its device and then lets every writer wait. Whoever freezes must thaw, also when this
    /// call is not waited for to its end.
    /// </summary>
    /// <returns>0 or <c>-errno</c>: EBUSY when it is frozen already.</returns>
    /// <exception cref="IOException">fsfreeze(8) cannot be started, or fails without an error number.</exception>
    public static async Task<int> FreezeAsync(string mountPoint) => Number(await Tool.RunAsync("fsfreeze", ["--freeze", mountPoint]));

    /// <summary><c>FITHAW</c>; waits for a freeze that is under way.</summary>
    /// <returns>0 or <c>-errno</c>: EINVAL when it is not frozen.</returns>
    /// <exception cref="IOException">fsfreeze(8) cannot be started, or fails without an error number.</exception>
    public static async Task<int> ThawAsync(string mountPoint) => Number(await Tool.RunAsync("fsfreeze", ["--unfreeze", mountPoint]));

    /// <summary>Makes a symbolic link; in configfs that is a command to the kernel.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    /// <exception cref="IOException">ln(1) cannot be started, or fails without an error number.</exception>
    public static async Task<int> LinkAsync(string target, string link) => Number(await Tool.RunAsync("ln", ["-s", "-T", target, link]));

    /// <summary>Removes a link or file.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    /// <exception cref="IOException">unlink(1) cannot be started, or fails without an error number.</exception>
    public static async Task<int> UnlinkAsync(string path) => Number(await Tool.RunAsync("unlink", [path]));

    /// <summary>The symbolic links in a folder. A call that makes or removes one keeps the folder closed to readers until it ends.</summary>
    /// <returns>Name and target of each; none when the folder does not exist.</returns>
    /// <exception cref="IOException">find(1) cannot be started, or cannot read the folder.</exception>
    public static async Task<IReadOnlyList<(string Name, string Target)>> LinksAsync(string folder)
    {
        var result = await Tool.RunAsync("find", [folder, "-maxdepth", "1", "-type", "l", "-printf", "%f\\t%l\\n"]);
        if (result.ExitCode != 0) return Directory.Exists(folder) ? throw new IOException(result.Summary) : [];
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t', 2)).Select(parts => (parts[0], parts[1]))];
    }

    /// <summary>Writes an attribute of sysfs or configfs, in one write and without a line break.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    /// <exception cref="IOException">dd(1) cannot be started, or fails without an error number.</exception>
    public static async Task<int> WriteAsync(string path, string value) =>
        Number(await Tool.RunAsync("dd", [$"of={path}", "conv=nocreat,notrunc", "status=none"], value));

    /// <summary>Opens a block device for itself alone and closes it: <c>-EBUSY</c> while it is mounted or held, in any mount namespace.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    /// <exception cref="IOException">wipefs(8) cannot be started, or fails without an error number.</exception>
    public static async Task<int> OpenExclusivelyAsync(string device)
    {
        // Of the common programs this one opens exclusively (O_EXCL) and then, told not to act, does nothing.
        return Number(await Tool.RunAsync("wipefs", ["--no-act", "--all", device]));
    }

    /// <summary><c>fsync(2)</c>.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    /// <exception cref="IOException">sync(1) cannot be started, or fails without an error number.</exception>
    public static async Task<int> SyncAsync(string path) => Number(await Tool.RunAsync("sync", [path]));

    /// <summary>The programs of the core utilities end a line of error with the C library's text for the number, here in the C locale.</summary>
    private static int Number(ToolResult result)
    {
        if (result.ExitCode == 0) return 0;
        var line = result.Error.Split('\n', 2)[0];
        for (var error = 1; error <= MostErrors; error++)
        {
            if (line.EndsWith(": " + Marshal.GetPInvokeErrorMessage(error), StringComparison.Ordinal)) return -error;
        }

        throw new IOException(result.Summary);
    }
}

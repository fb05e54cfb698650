using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Node;

/// <summary>
/// A path that a caller gave, made comparable with the kernel's own: the folders on the way may be symbolic links (kubelet's folder often
/// is) and are resolved, the last part is not followed and must not be one.
/// </summary>
internal sealed record HostPath
{
    private HostPath(string path, FileStatus? status)
    {
        Path = path;
        Status = status;
    }

    /// <summary>The canonical path, as mountinfo has it.</summary>
    public string Path { get; }

    /// <summary>What is there; null when nothing is.</summary>
    public FileStatus? Status { get; }

    /// <summary>Looks at a path.</summary>
    /// <returns>Null when the folder around it does not exist.</returns>
    /// <exception cref="VolumeException">InvalidArgument: it is not absolute and normalised, or ends in a symbolic link.</exception>
    public static HostPath? Find(string path)
    {
        var text = path.Length > 1 ? path.TrimEnd('/') : path;
        if (!IsNormal(text)) throw Refuse(path, "is not an absolute, normalised path");
        var cut = text.LastIndexOf('/');
        var parent = Syscalls.Open(cut == 0 ? "/" : text[..cut], OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (parent is -Errno.NoEntry or -Errno.NotDirectory) return null;
        if (parent < 0) throw Refuse(path, $"cannot be looked up: {Syscalls.Describe(parent)}");
        var result = Syscalls.PathOf(parent, out var folder);
        _ = Syscalls.Close(parent);
        if (result < 0) throw new SystemCallException($"{path} cannot be resolved", result);

        var canonical = (folder == "/" ? "" : folder) + text[cut..];
        result = Syscalls.Status(canonical, out var status);
        if (result == -Errno.NoEntry) return new HostPath(canonical, null);

        // A file system that has shut down does not say what its root is. It is there all the same, and can be unmounted.
        if (result == -Errno.InputOutput) return new HostPath(canonical, default(FileStatus));
        if (result < 0) throw new SystemCallException($"{path} cannot be examined", result);
        return status.Kind == FileKind.SymbolicLink ? throw Refuse(path, "is a symbolic link") : new HostPath(canonical, status);
    }

    /// <summary>A folder that must be there.</summary>
    /// <exception cref="VolumeException">FailedPrecondition: it is not, or is no folder.</exception>
    public static HostPath Folder(string path) => Find(path) switch
    {
        { Status.Kind: FileKind.Directory } found => found,
        { Status.Kind: FileKind.Other } => throw new VolumeException(
            VolumeError.FailedPrecondition, $"{Shown(path)} is not a folder, or the file system mounted there has failed; unmount it first"),
        { Status: not null } => throw new VolumeException(VolumeError.FailedPrecondition, $"{Shown(path)} is not a folder"),
        _ => throw new VolumeException(VolumeError.FailedPrecondition, $"{Shown(path)} does not exist; the caller makes it"),
    };

    private static bool IsNormal(string path) =>
        path.Length > 1 && path[0] == '/' && !path.Contains('\0', StringComparison.Ordinal)
        && path[1..].Split('/').All(part => part is not ("" or "." or ".."));

    private static VolumeException Refuse(string path, string what) => new(VolumeError.InvalidArgument, $"{Shown(path)} {what}");

    private static string Shown(string path)
    {
        const int longest = 200;
        return $"path '{(path.Length > longest ? path[..longest] + "…" : path).Replace("\0", "\\0", StringComparison.Ordinal)}'";
    }
}

using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>Changes to files and folders that a power cut does not take back, in the order in which they are made.</summary>
internal static unsafe class DurableFiles
{
    private const int FileMode = 0x180; // 0600
    private const int FolderMode = 0x1c0; // 0700

    /// <summary>Makes a folder for root alone; its name is durable after <see cref="SyncFolder"/> of the one around it.</summary>
    public static void MakeFolder(string path)
    {
        var result = Syscalls.MakeDirectory(path, FolderMode);
        if (result == -Errno.Exists && Directory.Exists(path)) return;
        SystemCallException.Check(result, $"{path} cannot be made");
    }

    /// <summary>Makes a sparse file of that size, or makes a smaller one that large. Never shrinks.</summary>
    public static void MakeSparse(string path, long size)
    {
        var file = Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow);
        try
        {
            SystemCallException.Check(Syscalls.Status(file, out var status), $"{path} cannot be examined");
            if (status.Size < size) SystemCallException.Check(Syscalls.Truncate(file, size), $"{path} cannot be made {ByteSize.Text(size)} large");
            SystemCallException.Check(Syscalls.Sync(file), $"{path} cannot be made durable");
        }
        finally
        {
            _ = Syscalls.Close(file);
        }
    }

    /// <summary>
    /// Replaces a file's content in one step: a temporary file is written and made durable, then renamed over it, then the name is made
    /// durable. Whoever reads sees the old or the new content, never a part.
    /// </summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        var file = Open(temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate | OpenFlags.NoFollow);
        try
        {
            fixed (byte* start = content)
            {
                for (var written = 0; written < content.Length;)
                    written += SystemCallException.Check((int)Syscalls.Write(file, start + written, (nuint)(content.Length - written)), $"{temporary} cannot be written");
            }

            SystemCallException.Check(Syscalls.Sync(file), $"{temporary} cannot be made durable");
        }
        catch
        {
            // On a full file system it stands in the way of what could be freed.
            _ = Syscalls.Unlink(temporary);
            throw;
        }
        finally
        {
            _ = Syscalls.Close(file);
        }

        Rename(temporary, path);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Renames; durable after <see cref="SyncFolder"/>.</summary>
    public static void Rename(string from, string to) => SystemCallException.Check(Syscalls.Rename(from, to), $"{from} cannot be renamed to {to}");

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string path)
    {
        var file = Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
        var result = Syscalls.Sync(file);
        _ = Syscalls.Close(file);
        SystemCallException.Check(result, $"{path} cannot be made durable");
    }

    private static int Open(string path, OpenFlags flags) =>
        SystemCallException.Check(Syscalls.Open(path, flags | OpenFlags.CloseOnExec, FileMode), $"{path} cannot be opened");
}

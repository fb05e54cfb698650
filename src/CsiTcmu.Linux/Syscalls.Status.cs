using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>Number of a device.</summary>
/// <param name="Major">Major number; 0 for file systems without a device.</param>
/// <param name="Minor">Minor number.</param>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>The kernel's text of it.</summary>
    public override string ToString() => $"{Major}:{Minor}";

    /// <summary>Reads <c>MAJOR:MINOR</c>.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static DeviceNumber Parse(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        return colon > 0 && uint.TryParse(text[..colon], out var major) && uint.TryParse(text[(colon + 1)..].TrimEnd('\n'), out var minor)
            ? new DeviceNumber(major, minor)
            : throw new FormatException($"'{text}' is not a device number");
    }
}

/// <summary>Kinds of files (S_IFMT of <c>st_mode</c>).</summary>
public enum FileKind
{
    /// <summary>Something that is none of the others.</summary>
    Other = 0,

    /// <summary>S_IFDIR.</summary>
    Directory = 0x4000,

    /// <summary>S_IFBLK.</summary>
    BlockDevice = 0x6000,

    /// <summary>S_IFREG.</summary>
    Regular = 0x8000,

    /// <summary>S_IFLNK.</summary>
    SymbolicLink = 0xa000,
}

/// <summary>What <c>statx(2)</c> says of a file.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="AllocatedBytes">Bytes of storage that it occupies.</param>
/// <param name="Inode">Inode number.</param>
/// <param name="FileSystem">Device of the file system that it lies on.</param>
/// <param name="Device">For device nodes: the device.</param>
public readonly record struct FileStatus(
    FileKind Kind, long Size, long AllocatedBytes, ulong Inode, DeviceNumber FileSystem, DeviceNumber Device);

/// <summary>What <c>statfs(2)</c> says of a file system.</summary>
/// <param name="Magic">Its magic number (include/uapi/linux/magic.h).</param>
/// <param name="BlockSize">Size of the blocks that the others count, bytes.</param>
/// <param name="TotalBytes">Size.</param>
/// <param name="FreeBytes">Free in all.</param>
/// <param name="AvailableBytes">Free for ordinary users.</param>
/// <param name="TotalInodes">Inodes in all.</param>
/// <param name="FreeInodes">Inodes free.</param>
/// <param name="IsReadOnly">True when it, or the mount that was asked, is read-only.</param>
public readonly record struct FileSystemStatus(
    long Magic, long BlockSize, long TotalBytes, long FreeBytes, long AvailableBytes, long TotalInodes, long FreeInodes, bool IsReadOnly);

public static unsafe partial class Syscalls
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const int NoAutomount = 0x800; // AT_NO_AUTOMOUNT
    private const int AtEmptyPath = 0x1000; // AT_EMPTY_PATH
    private const long ReadOnlyMount = 1; // ST_RDONLY
    private const uint BasicStatus = 0x7ff; // STATX_BASIC_STATS

    /// <summary><c>statx(2)</c> of a path; a symbolic link at its end is not followed.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int Status(string path, out FileStatus status) => Status(CurrentDirectory, path, NoFollow | NoAutomount, out status);

    /// <summary><c>statx(2)</c> of an open file.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int Status(int file, out FileStatus status) => Status(file, "", AtEmptyPath, out status);

    /// <summary><c>statfs(2)</c>. Blocks as long as the file system does.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int FileSystem(string path, out FileSystemStatus status)
    {
        KernelFileSystem kernel;
        var result = Result(statfs(path, &kernel));
        status = result < 0
            ? default
            : new FileSystemStatus(
                kernel.Type, kernel.FragmentSize, kernel.Blocks * kernel.FragmentSize, kernel.Free * kernel.FragmentSize,
                kernel.Available * kernel.FragmentSize, kernel.Files, kernel.FilesFree, (kernel.Flags & ReadOnlyMount) != 0);
        return result;
    }

    private static int Status(int directory, string path, int flags, out FileStatus status)
    {
        KernelStatus kernel;
        var result = Result(statx(directory, path, flags, BasicStatus, &kernel));
        if (result < 0)
        {
            status = default;
            return result;
        }

        var kind = (FileKind)(kernel.Mode & 0xf000);
        status = new FileStatus(
            Enum.IsDefined(kind) ? kind : FileKind.Other,
            (long)kernel.Size,
            (long)kernel.Blocks * 512,
            kernel.Inode,
            new DeviceNumber(kernel.DeviceMajor, kernel.DeviceMinor),
            new DeviceNumber(kernel.SpecialMajor, kernel.SpecialMinor));
        return 0;
    }

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, KernelStatus* status);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, KernelFileSystem* status);

    // struct statx, include/uapi/linux/stat.h: the same on all processors.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct KernelStatus
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(48)] public ulong Blocks;
        [FieldOffset(128)] public uint SpecialMajor;
        [FieldOffset(132)] public uint SpecialMinor;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    // struct statfs of 64-bit processors, include/uapi/asm-generic/statfs.h.
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    private struct KernelFileSystem
    {
        [FieldOffset(0)] public long Type;
        [FieldOffset(16)] public long Blocks;
        [FieldOffset(24)] public long Free;
        [FieldOffset(32)] public long Available;
        [FieldOffset(40)] public long Files;
        [FieldOffset(48)] public long FilesFree;
        [FieldOffset(72)] public long FragmentSize;
        [FieldOffset(80)] public long Flags;
    }
}

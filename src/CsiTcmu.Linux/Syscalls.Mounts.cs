using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>MS_* flags of <c>mount(2)</c> (include/uapi/linux/mount.h).</summary>
[Flags]
public enum MountFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>MS_RDONLY.</summary>
    ReadOnly = 1,

    /// <summary>MS_NOSUID.</summary>
    NoSetUser = 2,

    /// <summary>MS_NODEV.</summary>
    NoDevices = 4,

    /// <summary>MS_NOEXEC.</summary>
    NoExecute = 8,

    /// <summary>MS_SYNCHRONOUS.</summary>
    Synchronous = 0x10,

    /// <summary>MS_DIRSYNC.</summary>
    DirectorySynchronous = 0x80,

    /// <summary>MS_NOSYMFOLLOW.</summary>
    NoSymbolicLinks = 0x100,

    /// <summary>MS_NOATIME.</summary>
    NoAccessTime = 0x400,

    /// <summary>MS_NODIRATIME.</summary>
    NoDirectoryAccessTime = 0x800,

    /// <summary>MS_RELATIME; what the kernel does when no other is said.</summary>
    RelativeAccessTime = 0x20_0000,

    /// <summary>MS_STRICTATIME.</summary>
    StrictAccessTime = 0x100_0000,

    /// <summary>MS_LAZYTIME.</summary>
    LazyTime = 0x200_0000,
}

public static unsafe partial class Syscalls
{
    private const int UnmountNoFollow = 8; // UMOUNT_NOFOLLOW
    private const int UnmountDetach = 2; // MNT_DETACH

    // The generic numbers of new system calls hold on every processor.
    private const nint OpenTreeNumber = 428, MoveMountNumber = 429, MountSetAttributesNumber = 442;
    private const uint TreeClone = 1, TreeCloseOnExec = 0x80000; // OPEN_TREE_*
    private const uint MoveFromEmptyPath = 4; // MOVE_MOUNT_F_EMPTY_PATH
    private const ulong AttributeAccessTime = 0x70; // MOUNT_ATTR__ATIME

    /// <summary><c>mount(2)</c> of a file system.</summary>
    /// <param name="source">The block device, or any word for file systems without one.</param>
    /// <param name="target">Folder to mount on.</param>
    /// <param name="type">File system.</param>
    /// <param name="flags">MS_* flags.</param>
    /// <param name="data">The file system's own options.</param>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int Mount(string source, string target, string type, MountFlags flags, string data) =>
        Result(mount(source, target, type, (nuint)(uint)flags, data));

    /// <summary><c>umount2(2)</c>; a symbolic link at the end is not followed.</summary>
    /// <returns>0 or <c>-errno</c>; <c>-EBUSY</c> while something uses it.</returns>
    public static int Unmount(string target) => Result(umount2(target, UnmountNoFollow));

    /// <summary><c>umount2(2)</c> with MNT_DETACH: gone from the tree now, ended when the last user is gone.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int Detach(string target) => Result(umount2(target, UnmountNoFollow | UnmountDetach));

    /// <summary>
    /// A bind mount with its own flags that appears in one step: <c>open_tree(2)</c> clones, <c>mount_setattr(2)</c> sets the flags while
    /// nobody sees the clone, <c>move_mount(2)</c> attaches it. There is no moment in which it is there without its flags.
    /// </summary>
    /// <param name="source">Folder or file to bind.</param>
    /// <param name="target">Folder or file that is covered.</param>
    /// <param name="flags">Flags of the new mount: those kept per mount, of which it shall have exactly these.</param>
    /// <returns>0 or <c>-errno</c>.</returns>
    public static int Bind(string source, string target, MountFlags flags)
    {
        var tree = (int)Result(open_tree(OpenTreeNumber, CurrentDirectory, source, TreeClone | TreeCloseOnExec));
        if (tree < 0) return tree;
        var set = Attributes(flags);
        var attributes = new KernelMountAttributes { Set = set, Clear = (AllAttributes & ~set) | AttributeAccessTime };
        var result = (int)Result(mount_setattr(MountSetAttributesNumber, tree, "", AtEmptyPath, &attributes, (nuint)sizeof(KernelMountAttributes)));
        if (result >= 0) result = (int)Result(move_mount(MoveMountNumber, tree, "", CurrentDirectory, target, MoveFromEmptyPath));
        _ = Close(tree);
        return result;
    }

    // MOUNT_ATTR_* has RDONLY, NOSUID, NODEV and NOEXEC at the bits of MS_*, the others elsewhere.
    private const ulong AllAttributes = 0xf | 0x80 | 0x20_0000;

    private static ulong Attributes(MountFlags flags)
    {
        var attributes = (ulong)flags & 0xf;
        if (flags.HasFlag(MountFlags.NoAccessTime)) attributes |= 0x10;
        else if (flags.HasFlag(MountFlags.StrictAccessTime)) attributes |= 0x20;
        if (flags.HasFlag(MountFlags.NoDirectoryAccessTime)) attributes |= 0x80;
        if (flags.HasFlag(MountFlags.NoSymbolicLinks)) attributes |= 0x20_0000;
        return attributes;
    }

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport(Libc, EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint open_tree(nint number, nint directory, string path, nuint flags);

    [LibraryImport(Libc, EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint mount_setattr(
        nint number, nint directory, string path, nuint flags, KernelMountAttributes* attributes, nuint size);

    [LibraryImport(Libc, EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint move_mount(nint number, nint from, string fromPath, nint to, string toPath, nuint flags);

    // struct mount_attr, include/uapi/linux/mount.h.
    [StructLayout(LayoutKind.Sequential)]
    private struct KernelMountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}

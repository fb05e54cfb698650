using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>How an image file has been opened.</summary>
/// <param name="File">The descriptor.</param>
/// <param name="BlockAlignment">What offsets and lengths must be a multiple of, 512 to 4096.</param>
/// <param name="MemoryAlignment">What addresses must be a multiple of; 0 when the file goes through the page cache and takes anything.</param>
/// <param name="Mode">In words.</param>
internal readonly record struct ImageFile(int File, int BlockAlignment, int MemoryAlignment, string Mode)
{
    private const int Smallest = 512;
    private const int Largest = 4096;

    /// <summary>Opens for reading and writing, with O_DIRECT when file system and block size allow and <paramref name="way"/> does not forbid it.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static ImageFile Open(string path, FileWay way)
    {
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.CloseOnExec;
        if (way == FileWay.PageCache) return OpenBuffered(path, Flags, "page cache, as asked for");
        var file = Syscalls.Open(path, Flags | OpenFlags.Direct);
        if (file >= 0)
        {
            if (TryAlignment(file, out var block, out var memory))
                return new ImageFile(WithoutTimes(file, path, Flags | OpenFlags.Direct), block, memory, $"direct I/O, {block}-byte blocks");
            _ = Syscalls.Close(file);
        }
        else if (file != -Errno.InvalidArgument)
        {
            throw Failure(path, file);
        }
        return OpenBuffered(path, Flags, "page cache: the file system refuses direct I/O");
    }

    private static ImageFile OpenBuffered(string path, OpenFlags flags, string mode)
    {
        var file = Syscalls.Open(path, flags);
        return file < 0 ? throw Failure(path, file) : new ImageFile(file, Smallest, 0, mode);
    }

    /// <summary>True when the file system can punch holes; tried behind the end of the file, where it changes nothing.</summary>
    public static bool CanPunch(int file, int mode)
    {
        const int SeekEnd = 2;
        const long Granule = 1 << 20;
        var behind = (Syscalls.Seek(file, 0, SeekEnd) + (2 * Granule)) / Granule * Granule;
        return Syscalls.Allocate(file, mode, behind, Granule) is not (-Errno.NotSupported or -Errno.NoSystemCall);
    }

    /// <summary>
    /// Where the kernel does not say what it asks for (before Linux 6.1, and some file systems since) the largest block is right for all of them.
    /// Trying would not tell: a read of a hole never reaches the disk that refuses it, and a new image is one hole.
    /// </summary>
    private static unsafe bool TryAlignment(int file, out int block, out int memory)
    {
        if (Syscalls.DirectAlignment(file, out memory, out block) == 0)
        {
            block = Math.Max(block, Smallest);
            return memory != 0 && block <= Largest && memory <= Largest;
        }
        block = memory = Largest;
        var buffer = (byte*)NativeMemory.AlignedAlloc(Largest, Largest);
        var vector = new Iovec { Base = buffer, Length = Largest };
        var result = Syscalls.ReadVector(file, &vector, 1, 0);
        NativeMemory.AlignedFree(buffer);
        return result >= 0;
    }

    /// <summary>The file opened so that writes leave its times alone where the file system can do that (XFS), else as it is.</summary>
    /// <remarks>
    /// The first write after each tick of the kernel's clock (4 ms) changes the times. That is a transaction of the file system, which io_uring leaves to
    /// a thread of the kernel: a sparse writer pays for both with nearly every write.
    /// </remarks>
    private static int WithoutTimes(int file, string path, OpenFlags flags)
    {
        var folder = Syscalls.Open(Path.GetDirectoryName(Path.GetFullPath(path))!, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (folder < 0) return file;
        var timeless = Syscalls.OpenWithoutTimes(file, folder, flags);
        _ = Syscalls.Close(folder);
        if (timeless < 0) return file;
        _ = Syscalls.Close(file);
        return timeless;
    }

    private static IOException Failure(string path, int error) =>
        new($"The image {path} cannot be opened for reading and writing: {Syscalls.Describe(error)} (errno {-error}).");
}

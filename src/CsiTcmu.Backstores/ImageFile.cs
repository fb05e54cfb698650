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

    /// <summary>Opens for reading and writing, with O_DIRECT when file system and block size allow.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static ImageFile Open(string path)
    {
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.CloseOnExec;
        var file = Syscalls.Open(path, Flags | OpenFlags.Direct);
        if (file >= 0)
        {
            if (TryAlignment(file, out var block, out var memory))
                return new ImageFile(file, block, memory, $"direct I/O, {block}-byte blocks");
            _ = Syscalls.Close(file);
        }
        else if (file != -Errno.InvalidArgument)
        {
            throw Failure(path, file);
        }
        file = Syscalls.Open(path, Flags);
        if (file < 0) throw Failure(path, file);
        return new ImageFile(file, Smallest, 0, "page cache: the file system refuses direct I/O");
    }

    /// <summary>True when the file system can punch holes; tried behind the end of the file, where it changes nothing.</summary>
    public static bool CanPunch(int file, int mode)
    {
        const int SeekEnd = 2;
        const long Granule = 1 << 20;
        var behind = (Syscalls.Seek(file, 0, SeekEnd) + (2 * Granule)) / Granule * Granule;
        return Syscalls.Allocate(file, mode, behind, Granule) is not (-Errno.NotSupported or -Errno.NoSystemCall);
    }

    private static unsafe bool TryAlignment(int file, out int block, out int memory)
    {
        var result = Syscalls.DirectAlignment(file, out memory, out block);
        if (result == 0)
        {
            block = Math.Max(block, Smallest);
            return memory != 0 && block <= Largest && memory <= Largest;
        }

        // Older kernels do not say: the smallest block that can be read on its own is it. A file too short to try keeps to the largest.
        var buffer = (byte*)NativeMemory.AlignedAlloc(Largest, Largest);
        try
        {
            for (block = memory = Smallest; block < Largest; block = memory = block * 2)
            {
                var vector = new Iovec { Base = buffer, Length = (nuint)block };
                if (Syscalls.ReadVector(file, &vector, 1, block) == block) return true;
            }
            var whole = new Iovec { Base = buffer, Length = Largest };
            return Syscalls.ReadVector(file, &whole, 1, 0) >= 0;
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private static IOException Failure(string path, int error) =>
        new($"The image {path} cannot be opened for reading and writing: {Syscalls.Describe(error)} (errno {-error}).");
}

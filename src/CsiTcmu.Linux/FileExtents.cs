using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>A piece of a file that lies in one piece on its file system.</summary>
/// <param name="Offset">Where in the file.</param>
/// <param name="Physical">Where on the file system's device; means nothing when <see cref="ExtentStates.Unknown"/>.</param>
/// <param name="Length">Bytes.</param>
/// <param name="States">What is the matter with it.</param>
public readonly record struct FileExtent(long Offset, long Physical, long Length, ExtentStates States);

/// <summary>FIEMAP_EXTENT_* (include/uapi/linux/fiemap.h), those that matter here.</summary>
[Flags]
public enum ExtentStates
{
    /// <summary>Data in a place of its own.</summary>
    None = 0,

    /// <summary>The file's last extent.</summary>
    Last = 0x1,

    /// <summary>It has no place yet.</summary>
    Unknown = 0x2,

    /// <summary>Allocated and never written: reads as zeroes.</summary>
    Unwritten = 0x800,

    /// <summary>Other files have the same blocks.</summary>
    Shared = 0x2000,
}

/// <summary>Extent maps of files (<c>FS_IOC_FIEMAP</c>).</summary>
public static class FileExtents
{
    private const nuint Request = 0xc020660b;
    private const int Batch = 1024;

    /// <summary>Reads a file's extents from start to end. What is between them is holes.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="visit">Is told each, in the order of offsets.</param>
    /// <returns>0 or <c>-errno</c>: EOPNOTSUPP where the file system does not tell.</returns>
    public static unsafe int Read(int file, Action<FileExtent> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var map = (Map*)NativeMemory.Alloc((nuint)(sizeof(Map) + (Batch * sizeof(KernelExtent))));
        try
        {
            for (var start = 0UL; ;)
            {
                *map = new Map { Start = start, Length = ulong.MaxValue - start, Count = Batch };
                var result = Syscalls.Control(file, Request, map);
                if (result < 0) return result;
                if (map->Mapped == 0) return 0;
                var extents = (KernelExtent*)(map + 1);
                for (var i = 0; i < map->Mapped; i++)
                {
                    var extent = extents[i];
                    var states = (ExtentStates)extent.Flags;
                    visit(new FileExtent((long)extent.Logical, (long)extent.Physical, (long)extent.Length, states));
                    start = extent.Logical + extent.Length;
                    if (states.HasFlag(ExtentStates.Last)) return 0;
                }
            }
        }
        finally
        {
            NativeMemory.Free(map);
        }
    }

    // struct fiemap and struct fiemap_extent, include/uapi/linux/fiemap.h: the same on all processors.
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct Map
    {
        [FieldOffset(0)] public ulong Start;
        [FieldOffset(8)] public ulong Length;
        [FieldOffset(16)] public uint Flags;
        [FieldOffset(20)] public uint Mapped;
        [FieldOffset(24)] public uint Count;
    }

    [StructLayout(LayoutKind.Explicit, Size = 56)]
    private struct KernelExtent
    {
        [FieldOffset(0)] public ulong Logical;
        [FieldOffset(8)] public ulong Physical;
        [FieldOffset(16)] public ulong Length;
        [FieldOffset(40)] public uint Flags;
    }
}

using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>A piece of a file that lies in one piece on its file system.</summary>
/// <param name="Offset">Where in the file.</param>
/// <param name="Physical">Where on the file system's device; means nothing without <see cref="HasPlace"/>.</param>
/// <param name="Length">Bytes.</param>
/// <param name="States">What is the matter with it.</param>
public readonly record struct FileExtent(long Offset, long Physical, long Length, ExtentStates States)
{
    private const ExtentStates WithoutPlace = ExtentStates.Unknown | ExtentStates.Delayed | ExtentStates.Encoded | ExtentStates.Encrypted
        | ExtentStates.NotAligned | ExtentStates.Inline | ExtentStates.Tail;

    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Length;

    /// <summary>
    /// True when each of its bytes lies at its own place: <see cref="Physical"/> and as far behind it as in the file. Not so for what is not
    /// written yet, compressed, or packed together with other things.
    /// </summary>
    public bool HasPlace => (States & WithoutPlace) == ExtentStates.None;
}

/// <summary>FIEMAP_EXTENT_* (include/uapi/linux/fiemap.h).</summary>
[Flags]
public enum ExtentStates
{
    /// <summary>Data in a place of its own.</summary>
    None = 0,

    /// <summary>The file's last extent.</summary>
    Last = 0x1,

    /// <summary>It has no place yet.</summary>
    Unknown = 0x2,

    /// <summary>Written to memory only.</summary>
    Delayed = 0x4,

    /// <summary>Compressed or otherwise changed on the medium.</summary>
    Encoded = 0x8,

    /// <summary>Encrypted by the file system.</summary>
    Encrypted = 0x80,

    /// <summary>Its place is not that of a whole block.</summary>
    NotAligned = 0x100,

    /// <summary>Kept among the file system's own data.</summary>
    Inline = 0x200,

    /// <summary>Packed together with the ends of other files.</summary>
    Tail = 0x400,

    /// <summary>Allocated and never written: reads as zeroes.</summary>
    Unwritten = 0x800,

    /// <summary>Several extents of the file system, told as one.</summary>
    Merged = 0x1000,

    /// <summary>Other files have the same blocks.</summary>
    Shared = 0x2000,
}

/// <summary>Extent maps of files (<c>FS_IOC_FIEMAP</c>).</summary>
public static unsafe class FileExtents
{
    private const nuint Request = 0xc020660b;
    private const uint SyncFirst = 1; // FIEMAP_FLAG_SYNC
    private const int Batch = 1024;

    /// <summary>Reads a file's extents from start to end. What is between them is holes.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="visit">Is told each, in the order of offsets.</param>
    /// <returns>0 or <c>-errno</c>: EOPNOTSUPP where the file system does not tell.</returns>
    public static int Read(int file, Action<FileExtent> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var extents = new FileExtent[Batch];
        for (var start = 0L; ;)
        {
            var count = Read(file, start, long.MaxValue - start, 0, extents);
            if (count <= 0) return count;
            for (var i = 0; i < count; i++) visit(extents[i]);
            var last = extents[count - 1];
            if (last.States.HasFlag(ExtentStates.Last)) return 0;
            start = last.End;
        }
    }

    /// <summary>Reads the extents of a part of a file, after what waits to be written has been written.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="offset">Where the part begins.</param>
    /// <param name="length">Its length.</param>
    /// <param name="extents">Takes them in the order of offsets; the first and the last may reach over the part's edges.</param>
    /// <returns>How many, of which there may be more when <paramref name="extents"/> is full; or <c>-errno</c>: EOPNOTSUPP where the file system
    /// does not tell.</returns>
    public static int ReadPart(int file, long offset, long length, Span<FileExtent> extents) => Read(file, offset, length, SyncFirst, extents);

    private static int Read(int file, long offset, long length, uint flags, Span<FileExtent> extents)
    {
        var map = (Map*)NativeMemory.Alloc((nuint)sizeof(Map) + ((nuint)extents.Length * (nuint)sizeof(KernelExtent)));
        try
        {
            *map = new Map { Start = (ulong)offset, Length = (ulong)length, Flags = flags, Count = (uint)extents.Length };
            var result = Syscalls.Control(file, Request, map);
            if (result < 0) return result;
            var kernel = (KernelExtent*)(map + 1);
            for (var i = 0; i < map->Mapped; i++)
                extents[i] = new FileExtent((long)kernel[i].Logical, (long)kernel[i].Physical, (long)kernel[i].Length, (ExtentStates)kernel[i].Flags);
            return (int)map->Mapped;
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

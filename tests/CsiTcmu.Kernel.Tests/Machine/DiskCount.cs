using System.Diagnostics;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>What the kernel has counted on a disk since it is there, and when that was read.</summary>
/// <param name="Operations">Reads and writes completed.</param>
/// <param name="Bytes">Bytes that they moved.</param>
/// <param name="Before">The monotonic clock, by which limits are kept as well, before it was read.</param>
/// <param name="After">And after it.</param>
internal readonly record struct DiskCount(long Operations, long Bytes, long Before, long After)
{
    private const int SectorSize = 512;

    /// <summary>Reads it (Documentation/block/stat.rst).</summary>
    public static DiskCount Read(string disk)
    {
        var before = Stopwatch.GetTimestamp();
        var text = File.ReadAllText($"/sys/block/{Path.GetFileName(disk)}/stat");
        var after = Stopwatch.GetTimestamp();
        var values = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToList();
        return new DiskCount(values[0] + values[4], (values[2] + values[6]) * SectorSize, before, after);
    }

    /// <summary>The longest time that may lie between two counts.</summary>
    public static TimeSpan Longest(DiskCount first, DiskCount last) => Stopwatch.GetElapsedTime(first.Before, last.After);
}

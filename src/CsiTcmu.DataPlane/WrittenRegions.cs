using System.Numerics;

namespace CsiTcmu.DataPlane;

/// <summary>
/// Which regions of a disk have been written, one bit each. A reactor marks them while it has the map; whoever gets it back reads it.
/// </summary>
public sealed class WrittenRegions
{
    private const int SmallestShift = 16; // 64 KiB, the largest block of the file systems that share blocks
    private const int MostRegions = 1 << 22;
    private readonly int _shift;
    private readonly long _size;
    private readonly ulong[] _bits;

    /// <summary>Makes a map in which nothing is written.</summary>
    /// <param name="size">Size of the disk in bytes.</param>
    public WrittenRegions(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _size = size;
        _shift = SmallestShift;
        while ((size - 1) >> _shift >= MostRegions) _shift++;
        _bits = new ulong[((size - 1) >> (_shift + 6)) + 1];
    }

    /// <summary>Size of a region in bytes.</summary>
    public long RegionSize => 1L << _shift;

    /// <summary>How many regions are written.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var word in _bits) count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>Notes that a range was written. What lies behind the end is passed over.</summary>
    public void Mark(long offset, long length)
    {
        if (length <= 0 || offset >= _size) return;
        var last = (Math.Min(offset + length, _size) - 1) >> _shift;
        for (var region = offset >> _shift; region <= last; region++) _bits[region >> 6] |= 1UL << (int)(region & 63);
    }

    /// <summary>The ranges that are written, in order; neighbours are one.</summary>
    public IEnumerable<(long Offset, long Length)> Ranges()
    {
        var regions = ((_size - 1) >> _shift) + 1;
        for (var region = 0L; region < regions;)
        {
            if (_bits[region >> 6] == 0)
            {
                region = (region | 63) + 1;
                continue;
            }

            var start = region;
            while (region < regions && IsMarked(region)) region++;
            if (region > start) yield return (start << _shift, Math.Min(region << _shift, _size) - (start << _shift));
            else region++;
        }
    }

    private bool IsMarked(long region) => (_bits[region >> 6] & (1UL << (int)(region & 63))) != 0;
}

using System.Numerics;

namespace CsiTcmu.DataPlane;

/// <summary>Which regions of a disk a copy in the making still has to copy, one bit each. Nobody writes them before.</summary>
/// <remarks>
/// <para>Two threads use it, the disk's reactor and the one that copies:</para>
/// <list type="number">
/// <item>The reactor is given the map while the disk is held; all regions are in it.</item>
/// <item>Before a command that writes, the reactor looks at the bits of its range. If none is set, the command begins. Else the reactor notes the first as
/// wanted and that a command waits, with a full fence, and looks again; if one is still set, the command stays at the gate.</item>
/// <item>The copier takes what is wanted first, else the next. When a region is copied, it clears the bit and then, behind a full fence, has the reactor look
/// again if a command waits.</item>
/// </list>
/// <para>Either the second look finds the bit cleared, or the copier finds that a command waits: none is left waiting. A bit is never set again, so what the
/// reactor lets through is never copied afterwards.</para>
/// </remarks>
public sealed class UncopiedRegions
{
    private const int SmallestShift = 16; // 64 KiB, the largest block of the file systems that share blocks
    private const int MostRegions = 1 << 22;
    private const long Nothing = -1;
    private readonly int _shift;
    private readonly long _size;
    private readonly long _regions;
    private readonly ulong[] _bits;
    private long _wanted = Nothing;
    private int _waits;
    private int _first;

    // The copier's own: regions of which it knows that they are set, since only it clears them.
    private long _knownFrom;
    private long _knownUntil;

    /// <summary>Makes a map in which nothing is copied.</summary>
    /// <param name="size">Size of the image in bytes.</param>
    public UncopiedRegions(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _size = size;
        _shift = SmallestShift;
        while ((size - 1) >> _shift >= MostRegions) _shift++;
        _regions = ((size - 1) >> _shift) + 1;
        _bits = new ulong[((_regions - 1) >> 6) + 1];
        Array.Fill(_bits, ulong.MaxValue);
        _bits[^1] >>= (int)(63 - ((_regions - 1) & 63));
    }

    /// <summary>Size of a region in bytes.</summary>
    public long RegionSize => 1L << _shift;

    /// <summary>How often the copier was given a region out of its turn, because a command waited for it.</summary>
    public int Wanted { get; private set; }

    /// <summary>Has the reactor look again; set by the disk that is given the map.</summary>
    internal Action? LookAgain { get; set; }

    /// <summary>The reactor's question: whether a range is not wholly copied. If so, the copier is told, and has the reactor look again.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">Its length; what lies behind the end of the image is nobody's.</param>
    public bool Holds(long offset, long length)
    {
        var region = Find(offset, length);
        if (region == Nothing) return false;
        Volatile.Write(ref _wanted, region);
        Interlocked.Exchange(ref _waits, 1);
        return Find(offset, length) != Nothing;
    }

    /// <summary>The copier's question: what to copy next.</summary>
    /// <param name="offset">The beginning of a region.</param>
    /// <param name="length">How much from there on is uncopied.</param>
    /// <returns>False when all is copied.</returns>
    public bool TryNext(out long offset, out long length)
    {
        var wanted = Interlocked.Exchange(ref _wanted, Nothing);
        var isWanted = wanted != Nothing && IsSet(wanted);
        if (isWanted) Wanted++;
        var start = isWanted ? wanted : First();

        // A large image has a long way to its end, which is not gone again for every piece.
        var end = start >= _knownFrom && start < _knownUntil ? _knownUntil : start;
        while (end < _regions && IsSet(end)) end += (end & 63) == 0 && _bits[end >> 6] == ulong.MaxValue ? 64 : 1;
        if (!isWanted) (_knownFrom, _knownUntil) = (start, end);
        offset = start << _shift;
        length = Math.Min(end << _shift, _size) - offset;
        return start < _regions;
    }

    /// <summary>The copier's word: the regions that lie wholly in a range are copied.</summary>
    public void Copied(long offset, long length)
    {
        var first = (offset + RegionSize - 1) >> _shift;
        var end = offset + length >= _size ? _regions : (offset + length) >> _shift;
        if (first <= _knownFrom) _knownFrom = Math.Max(_knownFrom, end);
        else _knownUntil = Math.Min(_knownUntil, first);
        for (var region = first; region < end;)
        {
            // A word at once: a hole of a large image has a million regions.
            var next = Math.Min((region | 63) + 1, end);
            Interlocked.And(ref _bits[region >> 6], ~((ulong.MaxValue >> (int)(64 - (next - region))) << (int)(region & 63)));
            region = next;
        }

        if (Interlocked.Exchange(ref _waits, 0) != 0) LookAgain?.Invoke();
    }

    /// <summary>The first region that is uncopied; their number when there is none.</summary>
    private long First()
    {
        while (_first < _bits.Length && _bits[_first] == 0) _first++;
        return _first < _bits.Length ? ((long)_first << 6) + BitOperations.TrailingZeroCount(_bits[_first]) : _regions;
    }

    /// <summary>The first region of a range that is uncopied.</summary>
    private long Find(long offset, long length)
    {
        if (length <= 0 || offset >= _size) return Nothing;
        var last = (Math.Min(length, _size - offset) + offset - 1) >> _shift;
        for (var region = offset >> _shift; region <= last;)
        {
            var rest = Volatile.Read(ref _bits[region >> 6]) >> (int)(region & 63);
            if (rest != 0)
            {
                region += BitOperations.TrailingZeroCount(rest);
                return region <= last ? region : Nothing;
            }

            region = (region | 63) + 1;
        }

        return Nothing;
    }

    private bool IsSet(long region) => (_bits[region >> 6] & (1UL << (int)(region & 63))) != 0;
}

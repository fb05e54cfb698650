namespace CsiTcmu.DataPlane;

/// <summary>How much a disk may do in a second. A rate of zero is no limit. The common rates count reads and writes together.</summary>
public sealed record DiskLimits
{
    /// <summary>Longest <see cref="BurstSeconds"/>.</summary>
    public const int MaximumBurstSeconds = 3600;

    /// <summary>No limit at all.</summary>
    public static DiskLimits None { get; } = new();

    /// <summary>Reads and writes per second.</summary>
    public long Operations { get; init; }

    /// <summary>Reads per second.</summary>
    public long ReadOperations { get; init; }

    /// <summary>Writes per second, discards and zeroing commands included.</summary>
    public long WriteOperations { get; init; }

    /// <summary>Bytes read and written per second.</summary>
    public long Bandwidth { get; init; }

    /// <summary>Bytes read per second.</summary>
    public long ReadBandwidth { get; init; }

    /// <summary>Bytes written per second.</summary>
    public long WriteBandwidth { get; init; }

    /// <summary>How many seconds' worth of its rates a disk that has been idle may do at once, 0 to 3600; 0 is a tenth of a second.</summary>
    public int BurstSeconds { get; init; }

    /// <summary>True when no rate is limited.</summary>
    internal bool IsNone => (Operations | ReadOperations | WriteOperations | Bandwidth | ReadBandwidth | WriteBandwidth) == 0;

    /// <summary>Throws when a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the value.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Operations);
        ArgumentOutOfRangeException.ThrowIfNegative(ReadOperations);
        ArgumentOutOfRangeException.ThrowIfNegative(WriteOperations);
        ArgumentOutOfRangeException.ThrowIfNegative(Bandwidth);
        ArgumentOutOfRangeException.ThrowIfNegative(ReadBandwidth);
        ArgumentOutOfRangeException.ThrowIfNegative(WriteBandwidth);
        ArgumentOutOfRangeException.ThrowIfNegative(BurstSeconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BurstSeconds, MaximumBurstSeconds);
    }
}

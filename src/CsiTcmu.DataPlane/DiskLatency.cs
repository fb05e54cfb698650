namespace CsiTcmu.DataPlane;

/// <summary>How long commands of one kind took, from the turn that took them off the ring until the kernel had their answers. A limit's wait is part of it.</summary>
public readonly record struct DiskLatency
{
    private readonly long[]? _counts;

    /// <summary>What was counted.</summary>
    /// <param name="counts">How many were in each bucket of <see cref="Bounds"/>, and behind them those above all.</param>
    /// <param name="total">Sum of all.</param>
    /// <exception cref="ArgumentException">There are more or fewer counts than buckets.</exception>
    public DiskLatency(long[] counts, TimeSpan total)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Length != Bounds.Count + 1) throw new ArgumentException($"{Bounds.Count + 1} counts are needed, {counts.Length} are given", nameof(counts));
        _counts = counts;
        Total = total;
    }

    /// <summary>Upper bounds of the buckets, in seconds, from the answer of a fast disk to one that hangs.</summary>
    public static IReadOnlyList<double> Bounds { get; } = [50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 250e-3, 1];

    /// <summary>How many took at most as long as each bound and longer than the one before; the last is of those above all bounds.</summary>
    public IReadOnlyList<long> Counts => _counts ?? new long[Bounds.Count + 1];

    /// <summary>How long all of them took together.</summary>
    public TimeSpan Total { get; }
}

namespace CsiTcmu.DataPlane;

/// <summary>
/// Counts how long the commands of one kind take. The reactor's thread is the only writer, and any thread reads, as with all counters
/// (<c>ServedDisk.Counters.cs</c>). An answer is worth nothing before the kernel has it, so answers wait here for the end of the turn, which
/// needs one time stamp for all of them.
/// </summary>
internal sealed class LatencyCounter
{
    private readonly TimeProvider _clock;
    private readonly long[] _bounds;
    private readonly long[] _counts;
    private readonly long[] _answered;
    private int _waiting;
    private long _total;

    /// <summary>A counter at zero.</summary>
    /// <param name="clock">What time stamps are of.</param>
    /// <param name="capacity">Most commands that are answered before the answers are published.</param>
    public LatencyCounter(TimeProvider clock, int capacity)
    {
        _clock = clock;
        _bounds = [.. DiskLatency.Bounds.Select(bound => (long)Math.Round(bound * clock.TimestampFrequency))];
        _counts = new long[_bounds.Length + 1];
        _answered = new long[capacity];
    }

    /// <summary>A command has been answered.</summary>
    /// <param name="takenAt">When it was taken off the ring.</param>
    public void Add(long takenAt) => _answered[_waiting++] = takenAt;

    /// <summary>The kernel has the answers.</summary>
    /// <param name="now">When that is.</param>
    public void Publish(long now)
    {
        if (_waiting == 0) return;
        var total = _total;
        foreach (var takenAt in _answered.AsSpan(0, _waiting))
        {
            var took = now - takenAt;
            var bucket = 0;
            while (bucket < _bounds.Length && took > _bounds[bucket]) bucket++;
            Volatile.Write(ref _counts[bucket], _counts[bucket] + 1);
            total += took;
        }

        _waiting = 0;
        Volatile.Write(ref _total, total);
    }

    /// <summary>What has been counted. From any thread.</summary>
    public DiskLatency Read()
    {
        var counts = new long[_counts.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = Volatile.Read(ref _counts[i]);
        return new DiskLatency(counts, _clock.GetElapsedTime(0, Volatile.Read(ref _total)));
    }
}

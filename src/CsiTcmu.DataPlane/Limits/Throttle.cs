namespace CsiTcmu.DataPlane.Limits;

/// <summary>
/// The buckets of one disk: operations and bytes, for everything, for reads and for writes. A command takes from all that are its own, or
/// from none. Belongs to the reactor's thread, but for <see cref="Limits"/>, which anyone may read.
/// </summary>
internal sealed class Throttle
{
    /// <summary>Depth of a bucket without a burst: enough that no wake-up of the reactor comes too late to catch up.</summary>
    private const double LeastSeconds = 0.1;

    private readonly long _frequency;
    private TokenBucket _operations, _readOperations, _writeOperations;
    private TokenBucket _bytes, _readBytes, _writeBytes;
    private DiskLimits _limits = DiskLimits.None;

    /// <summary>Makes full buckets.</summary>
    public Throttle(DiskLimits limits, TimeProvider clock)
    {
        _frequency = clock.TimestampFrequency;
        Change(limits, clock.GetTimestamp());
    }

    /// <summary>True when anything is limited.</summary>
    public bool IsOn { get; private set; }

    /// <summary>The limits as they are now.</summary>
    public DiskLimits Limits => Volatile.Read(ref _limits);

    /// <summary>Changes the limits from now on.</summary>
    public void Change(DiskLimits limits, long now)
    {
        var depth = (long)(_frequency * (limits.BurstSeconds > 0 ? limits.BurstSeconds : LeastSeconds));
        _operations.Change(TicksPerToken(limits.Operations), depth, now);
        _readOperations.Change(TicksPerToken(limits.ReadOperations), depth, now);
        _writeOperations.Change(TicksPerToken(limits.WriteOperations), depth, now);
        _bytes.Change(TicksPerToken(limits.Bandwidth), depth, now);
        _readBytes.Change(TicksPerToken(limits.ReadBandwidth), depth, now);
        _writeBytes.Change(TicksPerToken(limits.WriteBandwidth), depth, now);
        IsOn = !limits.IsNone;
        Volatile.Write(ref _limits, limits);
    }

    /// <summary>Takes what a command costs.</summary>
    /// <param name="charge">The cost.</param>
    /// <param name="now">The time.</param>
    /// <param name="due">When it may go, if not now.</param>
    /// <returns>True when it goes; false when nothing was taken.</returns>
    public bool TryTake(in Charge charge, long now, out long due)
    {
        due = now;
        if (charge.Operations == 0) return true;
        ref var ownOperations = ref charge.IsWrite ? ref _writeOperations : ref _readOperations;
        ref var ownBytes = ref charge.IsWrite ? ref _writeBytes : ref _readBytes;
        due = Math.Max(
            Math.Max(_operations.DueAt(charge.Operations), ownOperations.DueAt(charge.Operations)),
            Math.Max(_bytes.DueAt(charge.Bytes), ownBytes.DueAt(charge.Bytes)));
        if (due > now) return false;
        _operations.Take(charge.Operations, now);
        ownOperations.Take(charge.Operations, now);
        _bytes.Take(charge.Bytes, now);
        ownBytes.Take(charge.Bytes, now);
        return true;
    }

    private double TicksPerToken(long rate) => rate == 0 ? 0 : (double)_frequency / rate;
}

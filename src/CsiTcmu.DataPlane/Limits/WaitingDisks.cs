namespace CsiTcmu.DataPlane.Limits;

/// <summary>The disks of one reactor whose next command waits for tokens. For the reactor's thread.</summary>
/// <remarks>A disk sets and clears its own time in its turns; whoever has none any more is let go at the next look.</remarks>
internal sealed class WaitingDisks(TimeProvider clock)
{
    private readonly List<ServedDisk> _disks = [];

    /// <summary>Makes room, so that the list does not grow on the data path.</summary>
    public void EnsureCapacity(int capacity) => _disks.EnsureCapacity(capacity);

    /// <summary>Adds a disk; a second time does nothing.</summary>
    public void Add(ServedDisk disk)
    {
        if (disk.IsWaiting) return;
        disk.IsWaiting = true;
        _disks.Add(disk);
    }

    /// <summary>Milliseconds until the first disk is due, rounded up: a wake-up too early would be one for nothing. -1 when none waits.</summary>
    public int Timeout()
    {
        if (_disks.Count == 0) return -1;
        var first = long.MaxValue;
        foreach (var disk in _disks)
        {
            if (disk.DueAt is { } due) first = Math.Min(first, due);
        }

        if (first == long.MaxValue) return -1;
        var ticksPerMillisecond = clock.TimestampFrequency / 1000;
        var ticks = Math.Max(0, first - clock.GetTimestamp());
        return (int)Math.Min(int.MaxValue, (ticks + ticksPerMillisecond - 1) / ticksPerMillisecond);
    }

    /// <summary>Gives every disk a turn whose time has come.</summary>
    public void WakeDue(Reactor reactor)
    {
        if (_disks.Count == 0) return;
        var now = clock.GetTimestamp();
        for (var i = _disks.Count - 1; i >= 0; i--)
        {
            var disk = _disks[i];
            if (disk.DueAt is not { } due)
            {
                disk.IsWaiting = false;
                _disks[i] = _disks[^1];
                _disks.RemoveAt(_disks.Count - 1);
            }
            else if (due <= now)
            {
                reactor.MakeReady(disk);
            }
        }
    }
}

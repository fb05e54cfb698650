namespace CsiTcmu.DataPlane;

/// <summary>
/// The disks of one reactor whose devices nobody watches: the reactor looks at their rings itself, in every pass. For the reactor's thread.
/// </summary>
/// <remarks>
/// <para>An event costs the kernel a wake-up, and the reactor a system call to acknowledge it and an entry to watch for the next one. A reactor that
/// is awake needs none of that. So a disk is watched only while its reactor sleeps, or since it last slept:</para>
/// <code>
/// watched --- event ---> awake --- the reactor goes to sleep: acknowledge, look at the ring, watch ---> watched
/// </code>
/// <para>No command is missed. What is put on the ring before the look is seen by it. What comes after the look also comes after the
/// acknowledgement, so that the device has something to read, which the watch reports even when it was there before the watch.</para>
/// </remarks>
internal sealed class AwakeDisks
{
    private readonly List<ServedDisk> _disks = [];

    /// <summary>True when no disk is awake.</summary>
    public bool IsEmpty => _disks.Count == 0;

    /// <summary>Makes room, so that the list does not grow on the data path.</summary>
    public void EnsureCapacity(int capacity) => _disks.EnsureCapacity(capacity);

    /// <summary>Adds a disk that is not watched; a second time does nothing.</summary>
    public void Add(ServedDisk disk)
    {
        if (disk.IsAwake) return;
        disk.IsAwake = true;
        _disks.Add(disk);
    }

    /// <summary>Removes a disk that is to be neither looked at nor watched any more; one that is watched is fine.</summary>
    public void Remove(ServedDisk disk)
    {
        if (!disk.IsAwake) return;
        disk.IsAwake = false;
        _disks.Remove(disk);
    }

    /// <summary>Gives a turn to every disk that has something new on its ring.</summary>
    /// <returns>True when there was one.</returns>
    public bool WakeNews(Reactor reactor)
    {
        var found = false;
        foreach (var disk in _disks)
        {
            if (!disk.HasNews) continue;
            reactor.MakeReady(disk);
            found = true;
        }

        return found;
    }

    /// <summary>Has all disks watched, before a wait.</summary>
    /// <returns>False when a disk got a turn instead, so that there must be no sleep.</returns>
    public bool TryRest(Reactor reactor)
    {
        var resting = true;
        for (var i = _disks.Count - 1; i >= 0; i--)
        {
            var disk = _disks[i];
            if (disk.TryRest())
            {
                disk.IsAwake = false;
                _disks[i] = _disks[^1];
                _disks.RemoveAt(_disks.Count - 1);
                reactor.Watch(disk);
            }
            else
            {
                reactor.MakeReady(disk);
                resting = false;
            }
        }

        return resting;
    }
}

namespace CsiTcmu.Linux;

/// <summary>
/// Lets any thread end the sleep of the one thread that owns an engine, with a system call only when that thread may be asleep.
/// </summary>
/// <remarks>
/// <para>One word says where the owner is; it changes by atomic read-modify-write only, so that all threads see one order of its values:</para>
/// <code>
///            park (compare-exchange)           ring (exchange)
///   Awake ---------------------------> Asleep -----------------> Rung    the ringer writes the eventfd, once
///   Awake --------------------------------------- ring --------> Rung    nobody sleeps: no write
///   Asleep, Rung ----------- unpark (exchange) ----------------> Awake
/// </code>
/// <para>
/// A wake cannot be lost. The ringer first stores its message, then exchanges in Rung. If that happens before the owner parks, the park
/// fails and the owner does not sleep. If it happens after, the ringer saw Asleep and writes the eventfd, on which the owner sleeps: the
/// eventfd is readable from then on, so that it does not matter whether the owner is asleep already. Both exchanges are full
/// fences: the owner that finds Rung, here or in unpark, reads the message after that.
/// </para>
/// <para>
/// A ringer writes after its exchange, when the owner may have gone on for another reason. The owner knows that such a write is under way,
/// because unpark found Rung; <see cref="Dispose"/> waits for those writes before it closes the descriptor. Later ringers never
/// find Asleep, hence never write.
/// </para>
/// </remarks>
internal sealed unsafe class IoEngineDoorbell : IDisposable
{
    private const int Awake = 0;
    private const int Asleep = 1;
    private const int Rung = 2;

    private int _state;
    private ulong _writesOwed;
    private bool _disposed;

    public IoEngineDoorbell()
    {
        File = Syscalls.EventFile(semaphore: false);
        if (File < 0) throw new IOException($"An eventfd cannot be made: {Syscalls.Describe(File)}.");
    }

    /// <summary>The eventfd, readable once it has been written.</summary>
    public int File { get; }

    /// <summary>Wakes the owner, or keeps it from its next sleep. Any thread.</summary>
    public void Ring()
    {
        if (Interlocked.Exchange(ref _state, Rung) == Asleep) WriteEvent();
    }

    /// <summary>
    /// Wakes the owner if it sleeps; otherwise does nothing. Any thread. For messages that the owner looks for between
    /// <see cref="TryPark"/> and sleep.
    /// </summary>
    public void RingSleeper()
    {
        // The message has been stored; the owner parks, then looks. One of the two sees the other's store because both fence in between.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _state) == Asleep && Interlocked.CompareExchange(ref _state, Rung, Asleep) == Asleep) WriteEvent();
    }

    /// <summary>Owner: announces sleep, which <see cref="Unpark"/> ends. False when a ring came before; it is used up by that.</summary>
    public bool TryPark()
    {
        if (Interlocked.CompareExchange(ref _state, Asleep, Awake) == Awake) return true;
        Interlocked.Exchange(ref _state, Awake);
        return false;
    }

    /// <summary>Owner: ends the sleep that <see cref="TryPark"/> announced.</summary>
    public void Unpark()
    {
        if (Interlocked.Exchange(ref _state, Awake) == Rung) _writesOwed++;
    }

    /// <summary>Owner: uses up a ring that came while awake.</summary>
    public void Consume()
    {
        if (Volatile.Read(ref _state) == Rung) Interlocked.Exchange(ref _state, Awake);
    }

    /// <summary>Owner: makes the readable eventfd unreadable.</summary>
    public void Silence() => _writesOwed -= ReadEvent();

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        while (_writesOwed != 0) Silence();
        _ = Syscalls.Close(File);
    }

    private void WriteEvent()
    {
        ulong one = 1;
        while (Syscalls.Write(File, &one, sizeof(ulong)) == -Errno.Interrupted) { }
    }

    private ulong ReadEvent()
    {
        ulong count = 0;
        while (Syscalls.Read(File, &count, sizeof(ulong)) == -Errno.Interrupted) { }
        return count;
    }
}

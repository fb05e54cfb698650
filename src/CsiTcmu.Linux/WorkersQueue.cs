using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>The indices that the owner and the workers share, each on a cache line pair of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = 640)]
internal struct WorkersIndices
{
    /// <summary>Slots offered so far; written by the owner.</summary>
    [FieldOffset(128)] public long Offered;

    /// <summary>Slots claimed so far; moved by workers.</summary>
    [FieldOffset(256)] public long Claimed;

    /// <summary>Places of the done ring given out so far; moved by workers.</summary>
    [FieldOffset(384)] public long Done;

    /// <summary>Workers that are asleep, or about to be, and for which no ticket has been written.</summary>
    [FieldOffset(512)] public int Sleepers;
}

/// <summary>
/// Hands slot numbers from one owner to several workers and back, without a lock. A slot is in one place at a time, so that rings with
/// room for all slots never run over.
/// </summary>
/// <remarks>
/// <para>There and back:</para>
/// <code>
/// owner   offer:  write offers[Offered]; Offered + 1 (release)
/// worker  claim:  read Claimed, Offered (acquire); read offers[Claimed]; compare-exchange Claimed + 1, or once more
/// worker  finish: place = increment Done; write done[place] = slot + 1 (release)
/// owner   collect: read done[next] (acquire); 0 is not there yet; write 0, so that the place can be used again
/// </code>
/// <para>
/// A claim reads the offer before it owns it. Should the owner write over it meanwhile, then others have moved Claimed by a whole ring, and
/// the compare-exchange fails; the counters are 64 bits wide and do not come around.
/// </para>
/// <para>
/// Sleep: a worker that finds nothing adds itself to Sleepers (a full fence), looks once more, and only then reads a ticket from a semaphore
/// eventfd, which blocks. The owner offers, fences, and looks at Sleepers: one of the two sees the other. To wake n workers it takes n off
/// Sleepers and writes n tickets: each worker taken off has exactly one ticket to read, including one that finds work at its second look; it
/// may go on without reading only if it manages to take itself off.
/// </para>
/// </remarks>
internal sealed unsafe class WorkersQueue : IDisposable
{
    private readonly WorkersIndices* _indices;
    private readonly int* _offers;
    private readonly int* _done;
    private readonly int _mask;
    private readonly int _tickets;
    private long _collected;
    private long _announced;
    private bool _stopping;

    public WorkersQueue(int slots)
    {
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)slots);
        _mask = size - 1;
        _tickets = Syscalls.EventFile(semaphore: true);
        if (_tickets < 0) throw new IOException($"An eventfd cannot be made: {Syscalls.Describe(_tickets)}.");
        _indices = (WorkersIndices*)NativeMemory.AllocZeroed((nuint)sizeof(WorkersIndices));
        _offers = (int*)NativeMemory.AllocZeroed((nuint)size, sizeof(int));
        _done = (int*)NativeMemory.AllocZeroed((nuint)size, sizeof(int));
    }

    /// <summary>Owner: true when <see cref="TryCollect"/> finds something.</summary>
    public bool HasDone => Volatile.Read(ref _done[_collected & _mask]) != 0;

    /// <summary>Owner: gives a slot to the workers that are awake.</summary>
    public void Offer(int slot)
    {
        var offered = _indices->Offered;
        Volatile.Write(ref _offers[offered & _mask], slot);
        Volatile.Write(ref _indices->Offered, offered + 1);
    }

    /// <summary>Owner: wakes as many workers as slots have been offered since the last call.</summary>
    public void Announce()
    {
        var offered = _indices->Offered;
        var count = offered - _announced;
        _announced = offered;
        if (count > 0) WakeWorkers((int)count);
    }

    /// <summary>Owner: takes a slot that a worker has finished with.</summary>
    public bool TryCollect(out int slot)
    {
        ref var place = ref _done[_collected & _mask];
        slot = Volatile.Read(ref place) - 1;
        if (slot < 0) return false;
        Volatile.Write(ref place, 0);
        _collected++;
        return true;
    }

    /// <summary>Worker: takes a slot, or sleeps until there is one. False when the owner has stopped the queue and it is empty.</summary>
    public bool Claim(out int slot)
    {
        while (true)
        {
            if (TryClaim(out slot)) return true;
            if (Volatile.Read(ref _stopping)) return false;
            Interlocked.Increment(ref _indices->Sleepers);
            if (!LooksIdle() && TryLeaveSleepers()) continue;
            ReadTicket();
        }
    }

    /// <summary>Worker: gives a finished slot back to the owner.</summary>
    public void Finish(int slot)
    {
        var place = Interlocked.Increment(ref _indices->Done) - 1;
        Volatile.Write(ref _done[place & _mask], slot + 1);
    }

    /// <summary>Owner: lets every worker end once the queue is empty.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopping, true);
        WakeWorkers(int.MaxValue);
    }

    public void Dispose()
    {
        _ = Syscalls.Close(_tickets);
        NativeMemory.Free(_indices);
        NativeMemory.Free(_offers);
        NativeMemory.Free(_done);
    }

    private bool TryClaim(out int slot)
    {
        while (true)
        {
            var claimed = Volatile.Read(ref _indices->Claimed);
            slot = -1;
            if (claimed >= Volatile.Read(ref _indices->Offered)) return false;
            slot = Volatile.Read(ref _offers[claimed & _mask]);
            if (Interlocked.CompareExchange(ref _indices->Claimed, claimed + 1, claimed) == claimed) return true;
        }
    }

    private bool LooksIdle() =>
        Volatile.Read(ref _indices->Claimed) >= Volatile.Read(ref _indices->Offered) && !Volatile.Read(ref _stopping);

    private bool TryLeaveSleepers()
    {
        while (true)
        {
            var sleepers = Volatile.Read(ref _indices->Sleepers);
            if (sleepers == 0) return false; // the owner has written a ticket for this worker
            if (Interlocked.CompareExchange(ref _indices->Sleepers, sleepers - 1, sleepers) == sleepers) return true;
        }
    }

    private void WakeWorkers(int most)
    {
        Interlocked.MemoryBarrier();
        while (true)
        {
            var sleepers = Volatile.Read(ref _indices->Sleepers);
            var count = Math.Min(sleepers, most);
            if (count == 0) return;
            if (Interlocked.CompareExchange(ref _indices->Sleepers, sleepers - count, sleepers) != sleepers) continue;
            var tickets = (ulong)count;
            while (Syscalls.Write(_tickets, &tickets, sizeof(ulong)) == -Errno.Interrupted) { }
            return;
        }
    }

    private void ReadTicket()
    {
        ulong ticket;
        while (Syscalls.Read(_tickets, &ticket, sizeof(ulong)) == -Errno.Interrupted) { }
    }
}

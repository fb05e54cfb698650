using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane;

/// <summary>
/// Counters. The reactor's thread is the only writer, and any thread reads: each value is whole and never goes back; values read together
/// may be a command apart.
/// </summary>
internal sealed unsafe partial class ServedDisk
{
    private long _reads;
    private long _writes;
    private long _flushes;
    private long _discards;
    private long _bytesRead;
    private long _bytesWritten;
    private long _errors;
    private long _throttled;
    private long _throttledTicks;
    private int _inFlight;
    private readonly LatencyCounter _readLatency;
    private readonly LatencyCounter _writeLatency;

    /// <inheritdoc/>
    public DiskCounters Counters => new()
    {
        Reads = Volatile.Read(ref _reads),
        Writes = Volatile.Read(ref _writes),
        Flushes = Volatile.Read(ref _flushes),
        Discards = Volatile.Read(ref _discards),
        BytesRead = Volatile.Read(ref _bytesRead),
        BytesWritten = Volatile.Read(ref _bytesWritten),
        Errors = Volatile.Read(ref _errors),
        Throttled = Volatile.Read(ref _throttled),
        ThrottledTime = _reactor.Clock.GetElapsedTime(0, Volatile.Read(ref _throttledTicks)),
        Mapped = Volatile.Read(ref _mapped),
        Copied = Volatile.Read(ref _copied),
        InFlight = Volatile.Read(ref _inFlight),
        ReadLatency = _readLatency.Read(),
        WriteLatency = _writeLatency.Read(),
    };

    /// <summary>Counts a command that ended with GOOD.</summary>
    private void Count(CommandSlot* slot)
    {
        switch (slot->Scsi.Operation)
        {
            case ScsiOperation.Read:
            case ScsiOperation.Compare:
                Volatile.Write(ref _reads, _reads + 1);
                Volatile.Write(ref _bytesRead, _bytesRead + slot->Scsi.Length);
                _readLatency.Add(slot->TakenAt);
                break;
            case ScsiOperation.Write:
            case ScsiOperation.WriteSame:
            case ScsiOperation.CompareAndWrite:
                Volatile.Write(ref _writes, _writes + 1);
                Volatile.Write(ref _bytesWritten, _bytesWritten + slot->Scsi.Length);
                _writeLatency.Add(slot->TakenAt);
                break;
            case ScsiOperation.Flush:
                Volatile.Write(ref _flushes, _flushes + 1);
                break;
            case ScsiOperation.Unmap:
            case ScsiOperation.Discard:
            case ScsiOperation.WriteZeroes:
                Volatile.Write(ref _discards, _discards + 1);
                break;
        }
    }
}

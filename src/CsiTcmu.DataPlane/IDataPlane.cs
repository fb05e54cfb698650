using CsiTcmu.Backstores;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane;

/// <summary>The reactors of this process. Safe for use from any thread.</summary>
public interface IDataPlane : IAsyncDisposable
{
    /// <summary>What serves file I/O: <c>io_uring</c> or <c>workers</c>, and why when it is not the first choice.</summary>
    string EngineDescription { get; }

    /// <summary>What each reactor does.</summary>
    IReadOnlyList<ReactorUsage> Reactors { get; }

    /// <summary>
    /// Starts to serve a device. The call returns when its reactor watches it, so that the LUN may be linked at once. Takes ownership of
    /// <paramref name="device"/> and <paramref name="backstore"/>, when it fails too.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="unit">What the disk says of itself.</param>
    /// <param name="backstore">Where its bytes live.</param>
    /// <param name="limits">How much it may do in a second; null for no limits.</param>
    /// <exception cref="ArgumentException">The backstore is smaller than the disk, or the disk promises transfers over 1 MiB.</exception>
    /// <exception cref="InvalidDataException">The device's ring is not one that this code understands.</exception>
    Task<IServedDisk> ServeAsync(UioDevice device, LogicalUnit unit, IBackstore backstore, DiskLimits? limits = null);
}

/// <summary>A device that a reactor serves. Safe for use from any thread.</summary>
public interface IServedDisk
{
    /// <summary>What the disk says of itself now.</summary>
    LogicalUnit Unit { get; }

    /// <summary>Why the disk is not served any more (ring broken, device gone), or null.</summary>
    string? Fault { get; }

    /// <summary>
    /// Ends, with the reason, when the disk is not served any more without having been stopped; device and backstore are closed by then, so
    /// that the device may be served anew. Never ends otherwise.
    /// </summary>
    Task<string> Faulted { get; }

    /// <summary>Bytes of the device's zero copy area; 0 when it has none.</summary>
    long ZeroCopyLength { get; }

    /// <summary>Counters since the start. Each is exact; they may be a command apart from one another.</summary>
    DiskCounters Counters { get; }

    /// <summary>What the backstore has failed since the start.</summary>
    DiskFailures Failures { get; }

    /// <summary>How much the disk may do in a second.</summary>
    DiskLimits Limits { get; }

    /// <summary>Changes the limits while the disk is served, without a pause: they hold for every command that begins from now on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is negative, or the burst is too long.</exception>
    /// <exception cref="InvalidOperationException">The disk is not served any more.</exception>
    Task SetLimitsAsync(DiskLimits limits);

    /// <summary>Holds new commands and waits until those in flight have ended.</summary>
    /// <returns>Ends the hold when disposed.</returns>
    Task<IAsyncDisposable> HoldAsync(CancellationToken cancellationToken);

    /// <summary>From now on a command that writes what <paramref name="regions"/> has as uncopied waits until it is copied.</summary>
    /// <param name="regions">A map for this disk alone, instead of the one before; null when nothing is copied.</param>
    Task ProtectAsync(UncopiedRegions? regions);

    /// <summary>Lets the disk report a larger size; the medium has been grown already. The initiator learns of it by a rescan.</summary>
    Task GrowAsync(long size);

    /// <summary>
    /// Stops serving: commands in flight end, their completions are published, then the device is unmapped and closed and the backstore
    /// disposed. Commands still in the ring stay there for the next server. Waits for holds to end. Idempotent.
    /// </summary>
    Task StopAsync();
}

/// <summary>What a disk has done.</summary>
public readonly record struct DiskCounters
{
    /// <summary>Commands that read data.</summary>
    public long Reads { get; init; }

    /// <summary>Commands that wrote data.</summary>
    public long Writes { get; init; }

    /// <summary>Flushes.</summary>
    public long Flushes { get; init; }

    /// <summary>Discards and zeroing commands.</summary>
    public long Discards { get; init; }

    /// <summary>Bytes read.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes written.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Commands that ended with CHECK CONDITION because of the backstore.</summary>
    public long Errors { get; init; }

    /// <summary>Commands that waited because of a limit, the one that waits now included. Those behind them in the ring are not counted.</summary>
    public long Throttled { get; init; }

    /// <summary>How long they waited, without the one that waits now.</summary>
    public TimeSpan ThrottledTime { get; init; }

    /// <summary>Commands with data whose pages were mapped, while the device has a zero copy area.</summary>
    public long Mapped { get; init; }

    /// <summary>Commands with data that the kernel has copied, while the device has a zero copy area; 0 without one.</summary>
    public long Copied { get; init; }

    /// <summary>Commands in flight now.</summary>
    public int InFlight { get; init; }

    /// <summary>How long those took that are in <see cref="Reads"/>, but for answers that are not published yet.</summary>
    public DiskLatency ReadLatency { get; init; }

    /// <summary>How long those took that are in <see cref="Writes"/>, but for answers that are not published yet.</summary>
    public DiskLatency WriteLatency { get; init; }
}

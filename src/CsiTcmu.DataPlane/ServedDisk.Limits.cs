using CsiTcmu.DataPlane.Limits;

namespace CsiTcmu.DataPlane;

/// <summary>Limits: the command at the gate that waits for tokens.</summary>
/// <remarks>
/// A command is charged when it begins. One for which there are no tokens stays at the gate, and everything behind it in the ring. So the
/// order is kept, and a write waits behind a read that has no tokens. The reactor's wait ends when there are. Who stops does not wait for
/// tokens: the one command that has been taken goes without.
/// </remarks>
internal sealed unsafe partial class ServedDisk
{
    private readonly Throttle _throttle;
    private long _throttledSince;
    private bool _isThrottled;

    /// <summary>When there are tokens for the command that waits for some, in ticks of the reactor's clock; null when none waits.</summary>
    public long? DueAt { get; private set; }

    /// <summary>True while the disk is in the reactor's list of those that wait for tokens.</summary>
    public bool IsWaiting { get; set; }

    /// <inheritdoc/>
    public DiskLimits Limits => _throttle.Limits;

    /// <summary>True when the command may begin now; it is charged then.</summary>
    private bool MayBegin(CommandSlot* slot)
    {
        if (slot->Exclusive && _inFlight > 0) return false;
        if (_uncopied is not null && WritesUncopied(slot)) return false;
        return !_throttle.IsOn || TryCharge(slot);
    }

    private bool TryCharge(CommandSlot* slot)
    {
        if (_throttle.TryTake(Charge.Of(slot), Now, out var due) || _stopping) return true;
        DueAt = due;
        if (_isThrottled) return false;
        _isThrottled = true;
        _throttledSince = Now;
        Volatile.Write(ref _throttled, _throttled + 1);
        return false;
    }

    /// <summary>The command that waited for tokens waits no more.</summary>
    private void EndThrottled()
    {
        _isThrottled = false;
        var ticks = _reactor.Clock.GetTimestamp() - _throttledSince;
        Volatile.Write(ref _throttledTicks, _throttledTicks + ticks);
    }
}

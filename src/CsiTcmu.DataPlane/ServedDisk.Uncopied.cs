using CsiTcmu.DataPlane.Limits;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane;

/// <summary>A copy in the making: the command at the gate that would write what is not copied yet.</summary>
/// <remarks>
/// It waits until its range is copied, which is done out of turn, and everything behind it in the ring waits with it: as long as the copying of some regions
/// takes. Reads and writes of what is copied go on.
/// </remarks>
internal sealed unsafe partial class ServedDisk
{
    private UncopiedRegions? _uncopied;

    /// <inheritdoc/>
    public Task ProtectAsync(UncopiedRegions? regions) => _reactor.RunAsync(() =>
    {
        _uncopied = regions;
        if (regions is not null) regions.LookAgain = () => _reactor.TryPost(LookAgain);
        LookAgain();
    });

    private void LookAgain()
    {
        if (IsAttached && !_leaving) _reactor.MakeReady(this);
    }

    /// <summary>True when the command would write what is not copied yet.</summary>
    private bool WritesUncopied(CommandSlot* slot)
    {
        if (!Charge.Of(slot).IsWrite) return false;

        // The ranges of an UNMAP are in its data; it is rare enough to wait for all of the copy.
        return slot->Scsi.Operation == ScsiOperation.Unmap ? _uncopied!.Holds(0, long.MaxValue) : _uncopied!.Holds(slot->Scsi.Offset, slot->Scsi.Length);
    }
}

using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane;

/// <summary>Commands whose data is not copied by the kernel: their memory is the initiator's own pages.</summary>
/// <remarks>
/// They are used as any other memory, but for two things. The pages cannot be pinned, which the backstore is told
/// (<see cref="Backstores.BackstoreRequest.Unpinnable"/>). And those with data to be written take no store: a store would end this process.
/// </remarks>
internal sealed unsafe partial class ServedDisk
{
    private readonly bool _hasZeroCopy;
    private long _mapped;
    private long _copied;

    /// <inheritdoc/>
    public long ZeroCopyLength => _ring.ZeroCopyLength;

    private void CountWay(CommandSlot* slot)
    {
        if (slot->Command.Place != DataPlace.Copied) Volatile.Write(ref _mapped, _mapped + 1);
        else if (slot->Command.DataLength > 0) Volatile.Write(ref _copied, _copied + 1);
    }

    /// <summary>
    /// True when the command would have data stored for the initiator. One that comes with data to be written contradicts itself, as only
    /// somebody can send it who writes CDBs himself; with copied data it does no harm.
    /// </summary>
    private static bool FillsData(CommandSlot* slot) => slot->Scsi.Operation switch
    {
        ScsiOperation.Answered => slot->Scsi.ReplyLength > 0,
        ScsiOperation.Read or ScsiOperation.GetLbaStatus => true,
        _ => false,
    };
}

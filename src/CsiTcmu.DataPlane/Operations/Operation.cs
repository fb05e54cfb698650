using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>
/// The commands that touch the medium. Each is a row of requests to the backstore: <see cref="Start"/> sets the first one up,
/// <see cref="Continue"/> the next after each that succeeded, until the slot's answer is complete. A request that fails ends the command,
/// so the operations see success only.
/// </summary>
/// <remarks>
/// <see cref="CommandSlot.Exclusive"/> is settled by <see cref="Start"/>, before the first request begins. Operations that use the scratch
/// buffer are exclusive, so there is one buffer per disk.
/// </remarks>
internal static unsafe class Operation
{
    /// <summary>Sets the slot up for its command.</summary>
    public static Step Start(CommandSlot* slot, Medium medium)
    {
        slot->Exclusive = false;
        slot->Phase = 0;
        slot->Position = 0;
        slot->DataIn = 0;
        var step = slot->Scsi.Operation switch
        {
            ScsiOperation.Write when slot->Scsi.CompareAfterWrite => WriteAndVerify.Start(slot, medium),
            ScsiOperation.Read or ScsiOperation.Write => Transfer.Start(slot),
            ScsiOperation.Flush => slot->Ask(BackstoreOperation.Flush, 0, 0),
            ScsiOperation.Discard => slot->Ask(BackstoreOperation.Discard, slot->Scsi.Offset, slot->Scsi.Length),
            ScsiOperation.WriteZeroes => slot->Ask(BackstoreOperation.WriteZeroes, slot->Scsi.Offset, slot->Scsi.Length),
            ScsiOperation.Unmap => Unmap.Start(slot, medium),
            ScsiOperation.WriteSame => WriteSame.Start(slot, medium),
            ScsiOperation.Compare => Comparison.Start(slot, medium),
            ScsiOperation.CompareAndWrite => CompareAndWrite.Start(slot, medium),
            ScsiOperation.GetLbaStatus => LbaStatus.Start(slot, medium),
            _ => slot->Fail(SenseCode.InvalidOperationCode),
        };
        if (step == Step.Request && !slot->Exclusive) slot->Exclusive = medium.Store.NeedsExclusive(in slot->Request);
        return step;
    }

    /// <summary>Goes on after a request that succeeded.</summary>
    public static Step Continue(CommandSlot* slot, Medium medium) => slot->Scsi.Operation switch
    {
        ScsiOperation.Read => slot->Succeed(slot->Scsi.Length),
        ScsiOperation.Write when slot->Scsi.CompareAfterWrite => WriteAndVerify.Continue(slot, medium),
        ScsiOperation.Unmap => Unmap.Continue(slot, medium),
        ScsiOperation.WriteSame => WriteSame.Continue(slot, medium),
        ScsiOperation.Compare => Comparison.Continue(slot, medium),
        ScsiOperation.CompareAndWrite => CompareAndWrite.Continue(slot, medium),
        _ => slot->Succeed(),
    };
}

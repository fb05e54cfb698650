using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>READ and WRITE: one request, straight from or into the ring's memory.</summary>
internal static unsafe class Transfer
{
    public static Step Start(CommandSlot* slot)
    {
        var length = slot->Scsi.Length;
        // The initiator's buffer may be longer than the transfer, which Answer accounts for; a shorter one is not filled in part.
        if (length > slot->Command.DataLength) return slot->Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        var operation = slot->Scsi.Operation == ScsiOperation.Read ? BackstoreOperation.Read : BackstoreOperation.Write;
        return slot->AskData(operation, slot->Scsi.Offset, length, slot->Command.Vectors, slot->Command.VectorCount);
    }
}

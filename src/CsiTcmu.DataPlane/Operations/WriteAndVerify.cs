using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>
/// WRITE AND VERIFY with BYTCHK: writes a piece, reads it back and compares, piece by piece. The pieces go through the scratch buffer,
/// because a backstore may change the vectors that it is given, and they are needed for the comparison.
/// </summary>
internal static unsafe class WriteAndVerify
{
    private const byte Writing = 0;
    private const byte Comparing = 1;

    public static Step Start(CommandSlot* slot, Medium medium)
    {
        if (slot->Command.DataLength < slot->Scsi.Length) return slot->Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        slot->Exclusive = true;
        return Write(slot, medium);
    }

    public static Step Continue(CommandSlot* slot, Medium medium)
    {
        if (slot->Phase == Writing)
        {
            slot->Phase = Comparing;
            return Comparison.Ask(slot, medium);
        }

        var step = Comparison.Continue(slot, medium);
        return step == Step.Request ? Write(slot, medium) : step;
    }

    private static Step Write(CommandSlot* slot, Medium medium)
    {
        slot->Phase = Writing;
        var piece = new Span<byte>(medium.Scratch, (int)Math.Min(slot->Scsi.Length - slot->Position, medium.ScratchLength));
        Vectors.CopyOut(slot->Command.Vectors, slot->Command.VectorCount, slot->Position, piece);
        return medium.AskScratch(slot, BackstoreOperation.Write, slot->Scsi.Offset + slot->Position, piece.Length);
    }
}

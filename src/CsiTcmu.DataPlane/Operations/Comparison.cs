using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>VERIFY with BYTCHK: reads the range into the scratch buffer piece by piece, and compares each with the data buffer.</summary>
internal static unsafe class Comparison
{
    public static Step Start(CommandSlot* slot, Medium medium)
    {
        if (slot->Command.DataLength < slot->Scsi.Length) return slot->Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        slot->Exclusive = true;
        return Ask(slot, medium);
    }

    /// <summary>Compares what was read, and reads the next piece; ends after the last with GOOD, and at the first difference.</summary>
    public static Step Continue(CommandSlot* slot, Medium medium)
    {
        var piece = new ReadOnlySpan<byte>(medium.Scratch, (int)slot->Request.Length);
        var difference = Vectors.FirstDifference(slot->Command.Vectors, slot->Command.VectorCount, slot->Position, piece);
        if (difference >= 0) return slot->Fail(SenseCode.Miscompare, slot->Position + difference);
        slot->Position += piece.Length;
        return slot->Position < slot->Scsi.Length ? Ask(slot, medium) : slot->Succeed();
    }

    /// <summary>Sets up the read of the next piece.</summary>
    public static Step Ask(CommandSlot* slot, Medium medium)
    {
        var length = (int)Math.Min(slot->Scsi.Length - slot->Position, medium.ScratchLength);
        return medium.AskScratch(slot, BackstoreOperation.Read, slot->Scsi.Offset + slot->Position, length);
    }
}

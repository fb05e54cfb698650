using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>
/// WRITE SAME with a block of data. Zeroes become one request without memory. Anything else is repeated in the scratch buffer, which is
/// then written over the range piece by piece.
/// </summary>
internal static unsafe class WriteSame
{
    public static Step Start(CommandSlot* slot, Medium medium)
    {
        var blockSize = medium.Unit.BlockSize;
        if (slot->Command.DataLength < blockSize) return slot->Fail(SenseCode.InvalidFieldInCommandInformationUnit);

        var scratch = new Span<byte>(medium.Scratch, (int)Math.Min(slot->Scsi.Length, medium.ScratchLength));
        Vectors.CopyOut(slot->Command.Vectors, slot->Command.VectorCount, 0, scratch[..blockSize]);
        if (!scratch[..blockSize].ContainsAnyExcept((byte)0))
        {
            var operation = slot->Scsi.MayUnmap ? BackstoreOperation.Discard : BackstoreOperation.WriteZeroes;
            return slot->Ask(operation, slot->Scsi.Offset, slot->Scsi.Length);
        }

        // Each round doubles what is there.
        for (var filled = blockSize; filled < scratch.Length; filled *= 2)
            scratch[..Math.Min(filled, scratch.Length - filled)].CopyTo(scratch[filled..]);

        slot->Exclusive = true;
        return Ask(slot, medium);
    }

    public static Step Continue(CommandSlot* slot, Medium medium)
    {
        slot->Position += slot->Request.Length;
        return slot->Position >= slot->Scsi.Length || slot->Request.Operation != BackstoreOperation.Write ? slot->Succeed() : Ask(slot, medium);
    }

    private static Step Ask(CommandSlot* slot, Medium medium)
    {
        var length = (int)Math.Min(slot->Scsi.Length - slot->Position, medium.ScratchLength);
        return medium.AskScratch(slot, BackstoreOperation.Write, slot->Scsi.Offset + slot->Position, length);
    }
}

using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>
/// COMPARE AND WRITE: compares the range with the first half of the data buffer, then writes the second half straight from the ring's
/// memory. It is one step for everybody else because the command runs alone on its disk.
/// </summary>
internal static unsafe class CompareAndWrite
{
    private const byte Writing = 1;

    public static Step Start(CommandSlot* slot, Medium medium) =>
        slot->Command.DataLength < 2 * slot->Scsi.Length ? slot->Fail(SenseCode.InvalidFieldInCommandInformationUnit) : Comparison.Start(slot, medium);

    public static Step Continue(CommandSlot* slot, Medium medium)
    {
        if (slot->Phase == Writing) return slot->Succeed();
        var step = Comparison.Continue(slot, medium);
        if (step == Step.Request || slot->Status != ScsiStatus.Good) return step;

        slot->Phase = Writing;
        var length = slot->Scsi.Length;
        var vectors = slot->Command.Vectors;
        var count = slot->Command.VectorCount;
        Vectors.Skip(ref vectors, ref count, length);
        return slot->AskData(BackstoreOperation.Write, slot->Scsi.Offset, length, vectors, count);
    }
}

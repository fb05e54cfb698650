using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane;

/// <summary>What the operations of a disk work with. Belongs to the reactor's thread, but for <see cref="Unit"/>, which anyone may read.</summary>
internal sealed unsafe class Medium(IBackstore store, LogicalUnit unit, byte* scratch, int scratchLength)
{
    private LogicalUnit _unit = unit;

    /// <summary>Where the bytes live.</summary>
    public IBackstore Store { get; } = store;

    /// <summary>The buffer of the command that runs alone.</summary>
    public byte* Scratch { get; } = scratch;

    /// <summary>Length of <see cref="Scratch"/> in bytes, a multiple of every block size.</summary>
    public int ScratchLength { get; } = scratchLength;

    /// <summary>What the disk says of itself.</summary>
    public LogicalUnit Unit
    {
        get => Volatile.Read(ref _unit);
        set => Volatile.Write(ref _unit, value);
    }

    /// <summary>Sets the slot's request up for the scratch buffer.</summary>
    public Step AskScratch(CommandSlot* slot, BackstoreOperation operation, long offset, int length)
    {
        // The backstore may have changed the vector on the request before.
        slot->ScratchVector.Base = Scratch;
        slot->ScratchVector.Length = (nuint)length;
        return slot->AskVectors(operation, offset, length, &slot->ScratchVector, 1);
    }
}

using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Limits;

/// <summary>What a command takes from the buckets of its disk.</summary>
/// <param name="Operations">0 for a command that is free, else 1.</param>
/// <param name="Bytes">Bytes that it moves.</param>
/// <param name="IsWrite">Which side it is charged to.</param>
internal readonly record struct Charge(int Operations, long Bytes, bool IsWrite)
{
    /// <summary>The charge of a command whose first request is set up.</summary>
    public static unsafe Charge Of(CommandSlot* slot) => slot->Scsi.Operation switch
    {
        ScsiOperation.Read or ScsiOperation.Compare => new Charge(1, slot->Scsi.Length, IsWrite: false),
        ScsiOperation.Write or ScsiOperation.CompareAndWrite => new Charge(1, slot->Scsi.Length, IsWrite: true),

        // A block of zeroes has become a request without memory.
        ScsiOperation.WriteSame => new Charge(1, slot->Request.Operation == BackstoreOperation.Write ? slot->Scsi.Length : 0, IsWrite: true),
        ScsiOperation.Unmap or ScsiOperation.Discard or ScsiOperation.WriteZeroes => new Charge(1, 0, IsWrite: true),
        _ => default,
    };
}

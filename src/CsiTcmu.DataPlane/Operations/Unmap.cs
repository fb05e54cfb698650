using CsiTcmu.Backstores;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>
/// UNMAP: one discard per range of the parameter list, after the whole list has been checked. The list stays where it is, in the ring's
/// memory, and is read again for each range.
/// </summary>
internal static unsafe class Unmap
{
    public static Step Start(CommandSlot* slot, Medium medium)
    {
        Span<ByteExtent> extents = stackalloc ByteExtent[BlockLimits.MaximumUnmapDescriptors];
        if (!TryParse(slot, medium, extents, out var count, out var sense, out var field)) return slot->Fail(sense, field: field);
        foreach (var extent in extents[..count])
        {
            slot->Ask(BackstoreOperation.Discard, extent.Offset, extent.Length);
            slot->Exclusive |= medium.Store.NeedsExclusive(in slot->Request);
        }

        return Continue(slot, medium);
    }

    /// <summary>Sets up the discard of the range number <see cref="CommandSlot.Position"/>.</summary>
    public static Step Continue(CommandSlot* slot, Medium medium)
    {
        Span<ByteExtent> extents = stackalloc ByteExtent[BlockLimits.MaximumUnmapDescriptors];
        if (!TryParse(slot, medium, extents, out var count, out var sense, out var field)) return slot->Fail(sense, field: field);
        if (slot->Position >= count) return slot->Succeed();
        var extent = extents[(int)slot->Position++];
        return slot->Ask(BackstoreOperation.Discard, extent.Offset, extent.Length);
    }

    private static bool TryParse(
        CommandSlot* slot, Medium medium, Span<ByteExtent> extents, out int count, out SenseCode sense, out FieldPointer field)
    {
        Span<byte> list = stackalloc byte[UnmapParameterList.MaximumLength];
        list = list[..(int)Math.Min(slot->Scsi.ParameterLength, Math.Min(list.Length, slot->Command.DataLength))];
        Vectors.CopyOut(slot->Command.Vectors, slot->Command.VectorCount, 0, list);
        return UnmapParameterList.TryParse(medium.Unit, list, extents, out count, out sense, out field);
    }
}

using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Operations;

/// <summary>GET LBA STATUS: asks the backstore which runs of the range are allocated. Answered at once.</summary>
internal static unsafe class LbaStatus
{
    /// <summary>Each run costs a system call or two on the reactor's thread; the initiator asks again for what is missing.</summary>
    private const int MaximumRuns = 32;

    public static Step Start(CommandSlot* slot, Medium medium)
    {
        Span<byte> buffer = stackalloc byte[LbaStatusReply.MinimumCapacity + (16 * MaximumRuns)];
        var reply = new LbaStatusReply(medium.Unit, in slot->Scsi, buffer);
        for (var run = 0; run < MaximumRuns && reply.WantsMore; run++)
        {
            var allocated = medium.Store.IsAllocated(reply.Position, out var length);
            reply.Append(length, allocated);
        }

        var bytes = buffer[..(int)Math.Min(reply.Complete(), slot->Command.DataLength)];
        Vectors.CopyIn(slot->Command.Vectors, slot->Command.VectorCount, bytes);
        return slot->Succeed(bytes.Length);
    }
}

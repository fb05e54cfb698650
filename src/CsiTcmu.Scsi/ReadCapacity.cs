using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>READ CAPACITY (SBC-3 5.15 and 5.16).</summary>
internal static class ReadCapacity
{
    private const byte ProvisioningManagement = 0x80;
    private const byte ReadsZeroes = 0x40;

    public static void Answer10(in CommandContext context, ref ScsiCommand command)
    {
        // All ones send the initiator to READ CAPACITY (16).
        long last = Math.Min(context.Unit.BlockCount - 1, uint.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(context.Reply, (uint)last);
        BinaryPrimitives.WriteInt32BigEndian(context.Reply[4..], context.Unit.BlockSize);
        command.Answer(context, 8, allocationLength: 8);
    }

    public static void Answer16(in CommandContext context, ref ScsiCommand command)
    {
        Span<byte> data = context.Reply[..32];
        data.Clear();
        BinaryPrimitives.WriteInt64BigEndian(data, context.Unit.BlockCount - 1);
        BinaryPrimitives.WriteInt32BigEndian(data[8..], context.Unit.BlockSize);
        data[13] = (byte)context.Unit.PhysicalBlockExponent;
        data[14] = ProvisioningManagement | ReadsZeroes;
        command.Answer(context, data.Length, BinaryPrimitives.ReadUInt32BigEndian(context.Cdb[10..]));
    }
}

using System.Buffers.Binary;
using CsiTcmu.Scsi.VitalProductData;

namespace CsiTcmu.Scsi;

/// <summary>INQUIRY (SPC-4 6.6).</summary>
internal static class Inquiry
{
    /// <summary>T10 vendor identification.</summary>
    public const string Vendor = "CSI-TCMU";

    private const int StandardLength = 96;
    private const byte VitalProductDataBit = 0x01;

    public static void Answer(in CommandContext context, ref ScsiCommand command)
    {
        ReadOnlySpan<byte> cdb = context.Cdb;
        int length;
        if ((cdb[1] & VitalProductDataBit) != 0)
        {
            length = VitalProductPages.Write(cdb[2], context.Unit, context.Reply);
        }
        else if (cdb[2] == 0)
        {
            length = WriteStandard(context.Unit, context.Reply);
        }
        else
        {
            length = 0;
        }

        if (length == 0)
            command.RefuseField(2);
        else
            command.Answer(context, length, BinaryPrimitives.ReadUInt16BigEndian(cdb[3..]));
    }

    private static int WriteStandard(LogicalUnit unit, Span<byte> reply)
    {
        Span<byte> data = reply[..StandardLength];
        data.Clear();
        data[2] = 0x06; // SPC-4
        data[3] = 0x02; // response data format
        data[4] = StandardLength - 5;
        data[7] = 0x02; // CMDQUE
        AsciiField.Write(data[8..16], Vendor);
        AsciiField.Write(data[16..32], unit.Product);
        AsciiField.Write(data[32..36], unit.Revision);
        BinaryPrimitives.WriteUInt16BigEndian(data[58..], 0x00A0); // SAM-5
        BinaryPrimitives.WriteUInt16BigEndian(data[60..], 0x0460); // SPC-4
        BinaryPrimitives.WriteUInt16BigEndian(data[62..], 0x04C0); // SBC-3
        return StandardLength;
    }
}

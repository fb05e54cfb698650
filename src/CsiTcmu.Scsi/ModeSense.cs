using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>MODE SENSE (SPC-4 6.13 and 6.14). There is no MODE SELECT, since nothing can be changed.</summary>
internal static class ModeSense
{
    private const byte DisableBlockDescriptors = 0x08;
    private const byte LongBlockAddressAccepted = 0x10;
    private const byte WriteProtected = 0x80;
    private const byte DisablePageOutAndForceUnitAccess = 0x10;
    private const int Header6Length = 4;
    private const int Header10Length = 8;
    private const int Saved = 3;
    private const int Changeable = 1;

    public static void Answer6(in CommandContext context, ref ScsiCommand command)
    {
        Span<byte> data = context.Reply;
        data[..Header6Length].Clear();
        int descriptor = WriteBlockDescriptor(context, isLong: false, data[Header6Length..]);
        if (!TryWritePages(context, data[(Header6Length + descriptor)..], out int pages, ref command))
            return;

        int length = Header6Length + descriptor + pages;
        data[0] = (byte)(length - 1);
        data[2] = DeviceSpecificParameter(context.Unit);
        data[3] = (byte)descriptor;
        command.Answer(context, length, context.Cdb[4]);
    }

    public static void Answer10(in CommandContext context, ref ScsiCommand command)
    {
        bool isLong = (context.Cdb[1] & LongBlockAddressAccepted) != 0;
        Span<byte> data = context.Reply;
        data[..Header10Length].Clear();
        int descriptor = WriteBlockDescriptor(context, isLong, data[Header10Length..]);
        if (!TryWritePages(context, data[(Header10Length + descriptor)..], out int pages, ref command))
            return;

        int length = Header10Length + descriptor + pages;
        BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)(length - 2));
        data[3] = DeviceSpecificParameter(context.Unit);
        data[4] = (byte)(isLong && descriptor > 0 ? 1 : 0); // LONGLBA
        BinaryPrimitives.WriteUInt16BigEndian(data[6..], (ushort)descriptor);
        command.Answer(context, length, BinaryPrimitives.ReadUInt16BigEndian(context.Cdb[7..]));
    }

    private static byte DeviceSpecificParameter(LogicalUnit unit) =>
        (byte)(DisablePageOutAndForceUnitAccess | (unit.ReadOnly ? WriteProtected : 0));

    private static bool TryWritePages(in CommandContext context, Span<byte> target, out int length, ref ScsiCommand command)
    {
        int control = context.Cdb[2] >> 6;
        byte code = (byte)(context.Cdb[2] & 0x3F);
        byte subpage = context.Cdb[3];
        length = 0;
        if (control == Saved)
        {
            command.Refuse(SenseCode.SavingParametersNotSupported, FieldPointer.InCdb(2, 7));
            return false;
        }

        // There are no subpages, so that FFh, a page and all of its subpages, is the page itself.
        if (subpage is not (0 or 0xFF))
        {
            command.RefuseField(3);
            return false;
        }

        length = ModePages.Write(code, control == Changeable, context.Unit, target);
        if (length == 0)
            command.RefuseField(2, 5);
        return length != 0;
    }

    /// <summary>The block descriptor of direct access block devices (SBC-3 6.5.2).</summary>
    private static int WriteBlockDescriptor(in CommandContext context, bool isLong, Span<byte> target)
    {
        if ((context.Cdb[1] & DisableBlockDescriptors) != 0)
            return 0;

        Span<byte> descriptor = target[..(isLong ? 16 : 8)];
        descriptor.Clear();
        if (isLong)
        {
            BinaryPrimitives.WriteInt64BigEndian(descriptor, context.Unit.BlockCount);
            BinaryPrimitives.WriteInt32BigEndian(descriptor[12..], context.Unit.BlockSize);
        }
        else
        {
            // The block size has the lower three bytes; the upper one is reserved.
            BinaryPrimitives.WriteUInt32BigEndian(descriptor, (uint)Math.Min(context.Unit.BlockCount, uint.MaxValue));
            BinaryPrimitives.WriteInt32BigEndian(descriptor[4..], context.Unit.BlockSize);
        }

        return descriptor.Length;
    }
}

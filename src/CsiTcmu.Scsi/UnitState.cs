using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>TEST UNIT READY, REQUEST SENSE, START STOP UNIT and REPORT LUNS.</summary>
internal static class UnitState
{
    private const byte DescriptorFormat = 0x01;
    private const byte Start = 0x01;
    private const int LunListLength = 16;

    /// <summary>SPC-4 6.47: a disk that is served is ready.</summary>
    public static void TestUnitReady(in CommandContext context, ref ScsiCommand command) => command.Answer();

    /// <summary>SPC-4 6.39: sense data goes with its command, so that none is pending here.</summary>
    public static void RequestSense(in CommandContext context, ref ScsiCommand command)
    {
        Span<byte> sense = context.Reply[..SenseData.MaximumLength];
        int length = (context.Cdb[1] & DescriptorFormat) != 0
            ? SenseData.WriteDescriptors(sense, SenseCode.NoSense, information: null, field: default)
            : SenseData.WriteFixed(sense, SenseCode.NoSense, information: null, field: default);
        command.Answer(context, length, context.Cdb[4]);
    }

    /// <summary>SBC-3 5.25: the disk is always started; it has no power conditions and nothing to eject.</summary>
    public static void StartStopUnit(in CommandContext context, ref ScsiCommand command)
    {
        if ((context.Cdb[4] & Start) != 0)
            command.Answer();
        else
            command.RefuseField(4, 0);
    }

    /// <summary>SPC-4 6.33: the target's own code answers it as a rule; here it is LUN 0 alone.</summary>
    public static void ReportLuns(in CommandContext context, ref ScsiCommand command)
    {
        byte select = context.Cdb[2];
        uint allocationLength = BinaryPrimitives.ReadUInt32BigEndian(context.Cdb[6..]);
        if (select > 2)
        {
            command.RefuseField(2);
            return;
        }

        if (allocationLength < LunListLength)
        {
            command.RefuseField(6);
            return;
        }

        // 1 selects well-known logical units only, of which there is none.
        int entries = select == 1 ? 0 : 8;
        Span<byte> list = context.Reply[..LunListLength];
        list.Clear();
        BinaryPrimitives.WriteInt32BigEndian(list, entries);
        command.Answer(context, 8 + entries, allocationLength);
    }
}

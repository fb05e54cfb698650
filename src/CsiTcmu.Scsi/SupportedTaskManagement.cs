using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4 6.37): what the target's own code does for every fabric.</summary>
internal static class SupportedTaskManagement
{
    private const byte Extended = 0x80;
    private const byte AbortTask = 0x80;
    private const byte LogicalUnitReset = 0x08;

    public static void Answer(in CommandContext context, ref ScsiCommand command)
    {
        uint allocationLength = BinaryPrimitives.ReadUInt32BigEndian(context.Cdb[6..]);
        if (allocationLength < 4)
        {
            command.RefuseField(6);
            return;
        }

        bool extended = (context.Cdb[2] & Extended) != 0;
        Span<byte> data = context.Reply[..(extended ? 16 : 4)];
        data.Clear();
        data[0] = AbortTask | LogicalUnitReset;
        data[3] = (byte)(extended ? 12 : 0);
        command.Answer(context, data.Length, allocationLength);
    }
}

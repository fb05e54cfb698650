using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>REPORT SUPPORTED OPERATION CODES (SPC-4 6.36), out of <see cref="CommandTable"/>.</summary>
internal static class SupportedOperationCodes
{
    private const byte ReturnTimeouts = 0x80;
    private const byte TimeoutsPresent = 0x02;
    private const byte ServiceActionValid = 0x01;
    private const byte OneCommandTimeoutsPresent = 0x80;
    private const byte NotSupported = 0x01;
    private const byte Supported = 0x03;
    private const int TimeoutsLength = 12;

    public static void Answer(in CommandContext context, ref ScsiCommand command)
    {
        ReadOnlySpan<byte> cdb = context.Cdb;
        bool timeouts = (cdb[2] & ReturnTimeouts) != 0;
        byte operationCode = cdb[3];
        int serviceAction = BinaryPrimitives.ReadUInt16BigEndian(cdb[4..]);
        bool hasServiceActions = CommandTable.HasServiceActions(operationCode);
        bool supported = CommandTable.IsSupported(operationCode);
        int length;
        switch (cdb[2] & 0x07)
        {
            case 0:
                length = WriteAll(context.Reply, timeouts);
                break;
            case 1 when !hasServiceActions:
                length = WriteOne(context.Reply, CommandTable.Find(operationCode, 0), timeouts);
                break;
            case 2 when hasServiceActions || !supported:
                length = WriteOne(context.Reply, CommandTable.Find(operationCode, serviceAction), timeouts);
                break;
            case 3:
                // A service action of an operation code without any is a command that is not supported.
                bool exists = hasServiceActions || serviceAction == 0;
                length = WriteOne(context.Reply, exists ? CommandTable.Find(operationCode, serviceAction) : null, timeouts);
                break;
            case 1 or 2:
                // Asked with a service action for a command without one, or the other way round.
                command.RefuseField(3);
                return;
            default:
                command.RefuseField(2, 2);
                return;
        }

        command.Answer(context, length, BinaryPrimitives.ReadUInt32BigEndian(cdb[6..]));
    }

    private static int WriteAll(Span<byte> reply, bool timeouts)
    {
        int length = 4;
        foreach (CommandDescription description in CommandTable.All)
        {
            Span<byte> descriptor = reply.Slice(length, 8);
            descriptor.Clear();
            descriptor[0] = description.OperationCode;
            descriptor[3] = description.ServiceAction;
            descriptor[5] = (byte)((timeouts ? TimeoutsPresent : 0) | (description.HasServiceAction ? ServiceActionValid : 0));
            descriptor[7] = (byte)description.Usage.Length;
            length += descriptor.Length;
            if (timeouts)
                length += WriteTimeouts(reply[length..]);
        }

        BinaryPrimitives.WriteInt32BigEndian(reply, length - 4);
        return length;
    }

    private static int WriteOne(Span<byte> reply, CommandDescription? description, bool timeouts)
    {
        reply[..4].Clear();
        if (description is null)
        {
            reply[1] = NotSupported;
            return 4;
        }

        reply[1] = (byte)(Supported | (timeouts ? OneCommandTimeoutsPresent : 0));
        reply[3] = (byte)description.Usage.Length;
        description.Usage.CopyTo(reply[4..]);
        int length = 4 + description.Usage.Length;
        return timeouts ? length + WriteTimeouts(reply[length..]) : length;
    }

    // Zeroes: how long a command takes depends on the medium and is not foretold.
    private static int WriteTimeouts(Span<byte> reply)
    {
        reply[..TimeoutsLength].Clear();
        reply[1] = TimeoutsLength - 2;
        return TimeoutsLength;
    }
}

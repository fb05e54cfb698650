using System.Buffers.Binary;

namespace CsiTcmu.Scsi.Tests;

/// <summary>A command as an initiator learns of it from REPORT SUPPORTED OPERATION CODES.</summary>
internal sealed record Supported(byte OperationCode, int? ServiceAction, byte[] Usage)
{
    /// <summary>Asks a disk for all of its commands and then for the usage map of each.</summary>
    public static Supported[] Of(LogicalUnit unit)
    {
        byte[] all = unit.Ask(Cdb.ReportSupportedOperationCodes(0)).Reply;
        Assert.Equal(all.Length - 4, BinaryPrimitives.ReadInt32BigEndian(all));
        Assert.Equal(0, (all.Length - 4) % 8);
        var commands = new List<Supported>();
        for (int i = 4; i < all.Length; i += 8)
        {
            byte code = all[i];
            ushort action = BinaryPrimitives.ReadUInt16BigEndian(all.AsSpan(i + 2));
            bool hasAction = (all[i + 5] & 1) != 0;
            byte[] one = unit.Ask(Cdb.ReportSupportedOperationCodes((byte)(hasAction ? 2 : 1), code, action)).Reply;
            int length = BinaryPrimitives.ReadUInt16BigEndian(one.AsSpan(2));
            Assert.Equal((0x03, one.Length - 4, BinaryPrimitives.ReadUInt16BigEndian(all.AsSpan(i + 6))), (one[1], length, (ushort)length));
            commands.Add(new(code, hasAction ? action : null, one[4..]));
        }

        return [.. commands];
    }

    /// <summary>The bits of the CDB that may be set: those of the usage map, and the codes that name the command.</summary>
    public byte[] Allowed
    {
        get
        {
            byte[] allowed = [.. Usage];
            allowed[0] = 0xFF;
            if (ServiceAction is not null)
                allowed[1] |= 0x1F;
            return allowed;
        }
    }

    /// <summary>A CDB with the codes that name the command, and nothing else.</summary>
    public byte[] Bare
    {
        get
        {
            byte[] cdb = new byte[Usage.Length];
            cdb[0] = OperationCode;
            cdb[1] = (byte)(ServiceAction ?? 0);
            return cdb;
        }
    }

    public override string ToString() => ServiceAction is { } action ? $"{OperationCode:X2}/{action:X2}" : $"{OperationCode:X2}";
}

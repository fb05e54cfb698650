using System.Buffers.Binary;

namespace CsiTcmu.Scsi.Tests;

/// <summary>CDBs of the block commands, built from the layouts in SBC-3 and not from the decoder's table.</summary>
internal static class Cdb
{
    public static byte[] Six(byte operationCode, uint address, byte blocks) =>
        [operationCode, (byte)(address >> 16), (byte)(address >> 8), (byte)address, blocks, 0];

    public static byte[] Ten(byte operationCode, uint address, ushort blocks, byte flags = 0)
    {
        byte[] cdb = new byte[10];
        cdb[0] = operationCode;
        cdb[1] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(2), address);
        BinaryPrimitives.WriteUInt16BigEndian(cdb.AsSpan(7), blocks);
        return cdb;
    }

    public static byte[] Twelve(byte operationCode, uint address, uint blocks, byte flags = 0)
    {
        byte[] cdb = new byte[12];
        cdb[0] = operationCode;
        cdb[1] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(2), address);
        BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(6), blocks);
        return cdb;
    }

    public static byte[] Sixteen(byte operationCode, ulong address, uint blocks, byte flags = 0)
    {
        byte[] cdb = new byte[16];
        cdb[0] = operationCode;
        cdb[1] = flags;
        BinaryPrimitives.WriteUInt64BigEndian(cdb.AsSpan(2), address);
        BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(10), blocks);
        return cdb;
    }

    public static byte[] CompareAndWrite(ulong address, byte blocks, byte flags = 0)
    {
        byte[] cdb = Sixteen(0x89, address, 0, flags);
        cdb[13] = blocks;
        return cdb;
    }

    public static byte[] Inquiry(ushort allocationLength, int page = -1) =>
        [0x12, (byte)(page < 0 ? 0 : 1), (byte)Math.Max(0, page), (byte)(allocationLength >> 8), (byte)allocationLength, 0];

    public static byte[] ModeSense6(byte page, byte allocationLength = 255, byte subpage = 0, byte flags = 0) =>
        [0x1A, flags, page, subpage, allocationLength, 0];

    public static byte[] ModeSense10(byte page, ushort allocationLength = 4096, byte subpage = 0, byte flags = 0) =>
        [0x5A, flags, page, subpage, 0, 0, 0, (byte)(allocationLength >> 8), (byte)allocationLength, 0];

    public static byte[] ReadCapacity16(uint allocationLength = 32) => Sixteen(0x9E, 0, allocationLength, flags: 0x10);

    public static byte[] ReportSupportedOperationCodes(byte options, byte operationCode = 0, ushort serviceAction = 0, ushort allocationLength = 4096) =>
        [0xA3, 0x0C, options, operationCode, (byte)(serviceAction >> 8), (byte)serviceAction, 0, 0, (byte)(allocationLength >> 8), (byte)allocationLength, 0, 0];
}

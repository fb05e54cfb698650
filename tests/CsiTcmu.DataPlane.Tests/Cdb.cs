using System.Buffers.Binary;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>CDBs and parameter lists, written by the tests themselves.</summary>
internal static class Cdb
{
    public static byte[] TestUnitReady() => new byte[6];

    public static byte[] Inquiry(ushort allocationLength) => [0x12, 0, 0, (byte)(allocationLength >> 8), (byte)allocationLength, 0];

    public static byte[] Read(long block, int blocks, bool forceUnitAccess = false) => Sixteen(0x88, forceUnitAccess ? 8 : 0, block, blocks);

    public static byte[] Write(long block, int blocks, bool forceUnitAccess = false) => Sixteen(0x8A, forceUnitAccess ? 8 : 0, block, blocks);

    public static byte[] WriteAndVerify(long block, int blocks) => Sixteen(0x8E, 2, block, blocks);

    public static byte[] Verify(long block, int blocks) => Sixteen(0x8F, 2, block, blocks);

    public static byte[] SynchronizeCache() => Sixteen(0x91, 0, 0, 0);

    public static byte[] WriteSame(long block, int blocks, bool unmap = false, bool noDataOut = false) =>
        Sixteen(0x93, (unmap ? 8 : 0) | (noDataOut ? 1 : 0), block, blocks);

    public static byte[] CompareAndWrite(long block, byte blocks)
    {
        var cdb = Sixteen(0x89, 0, block, 0);
        cdb[13] = blocks;
        return cdb;
    }

    public static byte[] GetLbaStatus(long block, int allocationLength)
    {
        var cdb = Sixteen(0x9E, 0x12, block, allocationLength);
        return cdb;
    }

    public static byte[] Unmap(int listLength)
    {
        var cdb = new byte[10];
        cdb[0] = 0x42;
        BinaryPrimitives.WriteUInt16BigEndian(cdb.AsSpan(7), (ushort)listLength);
        return cdb;
    }

    public static byte[] UnmapList(params (long Block, int Blocks)[] ranges)
    {
        var list = new byte[8 + (16 * ranges.Length)];
        BinaryPrimitives.WriteUInt16BigEndian(list, (ushort)(list.Length - 2));
        BinaryPrimitives.WriteUInt16BigEndian(list.AsSpan(2), (ushort)(list.Length - 8));
        for (var i = 0; i < ranges.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(list.AsSpan(8 + (16 * i)), ranges[i].Block);
            BinaryPrimitives.WriteInt32BigEndian(list.AsSpan(16 + (16 * i)), ranges[i].Blocks);
        }

        return list;
    }

    private static byte[] Sixteen(byte operationCode, int flags, long block, int blocks)
    {
        var cdb = new byte[16];
        cdb[0] = operationCode;
        cdb[1] = (byte)flags;
        BinaryPrimitives.WriteInt64BigEndian(cdb.AsSpan(2), block);
        BinaryPrimitives.WriteInt32BigEndian(cdb.AsSpan(10), blocks);
        return cdb;
    }
}

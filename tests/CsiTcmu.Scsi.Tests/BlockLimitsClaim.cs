using System.Buffers.Binary;

namespace CsiTcmu.Scsi.Tests;

/// <summary>The limits as an initiator reads them from VPD page B0.</summary>
internal static class BlockLimitsClaim
{
    public static uint MaximumTransfer(LogicalUnit unit) => Field(unit, 8);

    public static uint MaximumUnmapBlocks(LogicalUnit unit) => Field(unit, 20);

    public static uint MaximumUnmapDescriptors(LogicalUnit unit) => Field(unit, 24);

    public static ulong MaximumWriteSame(LogicalUnit unit) => BinaryPrimitives.ReadUInt64BigEndian(Page(unit).AsSpan(36));

    public static byte MaximumCompareAndWrite(LogicalUnit unit) => Page(unit)[5];

    private static uint Field(LogicalUnit unit, int offset) => BinaryPrimitives.ReadUInt32BigEndian(Page(unit).AsSpan(offset));

    private static byte[] Page(LogicalUnit unit) => unit.Ask(Cdb.Inquiry(255, 0xB0)).Reply;
}

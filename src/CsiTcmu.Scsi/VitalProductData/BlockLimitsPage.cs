using System.Buffers.Binary;

namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>Page B0: block limits (SBC-3 6.6.4). All are enforced by the decoder. Offsets are those of the page, its header included.</summary>
internal static class BlockLimitsPage
{
    public const byte Code = 0xB0;

    private const int Length = 0x3C;
    private const byte WriteSameNotZero = 0x01;
    private const uint UnmapAlignmentValid = 0x8000_0000;

    public static int Write(LogicalUnit unit, Span<byte> body)
    {
        body = body[..Length];
        body.Clear();
        int blockSize = unit.BlockSize;
        int granularity = 1 << unit.PhysicalBlockExponent;
        uint transfer = (uint)(unit.MaxTransferLength / blockSize);

        body[0] = WriteSameNotZero;
        body[1] = (byte)(BlockLimits.MaximumCompareAndWriteLength / blockSize);
        BinaryPrimitives.WriteUInt16BigEndian(body[2..], (ushort)granularity); // optimal transfer length granularity
        Write(body, 8, transfer); // maximum transfer length
        Write(body, 12, transfer); // optimal transfer length
        Write(body, 20, (uint)(BlockLimits.MaximumUnmapLength / blockSize));
        Write(body, 24, BlockLimits.MaximumUnmapDescriptors);
        Write(body, 28, (uint)granularity); // optimal unmap granularity
        Write(body, 32, UnmapAlignmentValid); // from LBA 0
        BinaryPrimitives.WriteUInt64BigEndian(body[(36 - VitalProductPages.HeaderLength)..], (ulong)(BlockLimits.MaximumWriteSameLength / blockSize));
        return Length;
    }

    private static void Write(Span<byte> body, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32BigEndian(body[(offset - VitalProductPages.HeaderLength)..], value);
}

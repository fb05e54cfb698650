using System.Buffers.Binary;

namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>Page B1: block device characteristics (SBC-3 6.6.3).</summary>
internal static class BlockDeviceCharacteristics
{
    public const byte Code = 0xB1;

    private const int Length = 0x3C;
    private const ushort NonRotatingMedium = 0x0001;

    public static int Write(Span<byte> body)
    {
        body = body[..Length];
        body.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(body, NonRotatingMedium);
        return Length;
    }
}

using System.Buffers.Binary;

namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>The vital product data pages and their common header (SPC-4 7.8).</summary>
internal static class VitalProductPages
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 4;

    /// <summary>The pages that there are, in ascending order.</summary>
    public static ReadOnlySpan<byte> Codes =>
    [
        SupportedPages.Code, UnitSerialNumber.Code, DeviceIdentification.Code,
        BlockLimitsPage.Code, BlockDeviceCharacteristics.Code, LogicalBlockProvisioning.Code,
    ];

    /// <summary>Writes a page.</summary>
    /// <returns>Its length, or zero when there is no such page.</returns>
    public static int Write(byte code, LogicalUnit unit, Span<byte> reply)
    {
        Span<byte> body = reply[HeaderLength..];
        int length = code switch
        {
            SupportedPages.Code => SupportedPages.Write(body),
            UnitSerialNumber.Code => UnitSerialNumber.Write(unit, body),
            DeviceIdentification.Code => DeviceIdentification.Write(unit, body),
            BlockLimitsPage.Code => BlockLimitsPage.Write(unit, body),
            BlockDeviceCharacteristics.Code => BlockDeviceCharacteristics.Write(body),
            LogicalBlockProvisioning.Code => LogicalBlockProvisioning.Write(body),
            _ => 0,
        };
        if (length == 0)
            return 0;

        reply[0] = 0; // a connected direct access block device
        reply[1] = code;
        BinaryPrimitives.WriteUInt16BigEndian(reply[2..], (ushort)length);
        return HeaderLength + length;
    }
}

using System.Text;

namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>Page 80: the unit serial number (SPC-4 7.8.15).</summary>
internal static class UnitSerialNumber
{
    public const byte Code = 0x80;

    public static int Write(LogicalUnit unit, Span<byte> body) => Encoding.ASCII.GetBytes(unit.SerialNumber, body);
}

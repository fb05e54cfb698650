using System.Text;

namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>Page 83: the names of the logical unit (SPC-4 7.8.6), by which hosts tell disks apart.</summary>
internal static class DeviceIdentification
{
    public const byte Code = 0x83;

    private const byte Binary = 0x01;
    private const byte Ascii = 0x02;
    private const byte VendorIdentification = 0x01;
    private const byte Naa = 0x03;
    private const int HeaderLength = 4;

    public static int Write(LogicalUnit unit, Span<byte> body)
    {
        // The NAA name comes first: it is the one that is unique in the world.
        int length = WriteHeader(body, Binary, Naa, unit.Designator.Length);
        unit.Designator.Span.CopyTo(body[HeaderLength..]);

        Span<byte> vendor = body[length..];
        length += WriteHeader(vendor, Ascii, VendorIdentification, 8 + unit.SerialNumber.Length);
        AsciiField.Write(vendor.Slice(HeaderLength, 8), Inquiry.Vendor);
        Encoding.ASCII.GetBytes(unit.SerialNumber, vendor[(HeaderLength + 8)..]);
        return length;
    }

    // The association in between is zero: the addressed logical unit.
    private static int WriteHeader(Span<byte> designator, byte codeSet, byte type, int length)
    {
        designator[0] = codeSet;
        designator[1] = type;
        designator[2] = 0;
        designator[3] = (byte)length;
        return HeaderLength + length;
    }
}

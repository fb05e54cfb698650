namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>Page 00: the list of pages (SPC-4 7.8.14).</summary>
internal static class SupportedPages
{
    public const byte Code = 0x00;

    public static int Write(Span<byte> body)
    {
        VitalProductPages.Codes.CopyTo(body);
        return VitalProductPages.Codes.Length;
    }
}

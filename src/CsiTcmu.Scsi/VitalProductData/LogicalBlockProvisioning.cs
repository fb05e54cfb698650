namespace CsiTcmu.Scsi.VitalProductData;

/// <summary>Page B2: logical block provisioning (SBC-3 6.6.5).</summary>
internal static class LogicalBlockProvisioning
{
    public const byte Code = 0xB2;

    private const byte Unmap = 0x80;
    private const byte WriteSame16 = 0x40;
    private const byte WriteSame10 = 0x20;
    private const byte ReadsZeroes = 0x04;
    private const byte ThinProvisioned = 0x02;

    public static int Write(Span<byte> body)
    {
        body[0] = 0; // no thresholds
        body[1] = Unmap | WriteSame16 | WriteSame10 | ReadsZeroes;
        body[2] = ThinProvisioned;
        body[3] = 0;
        return 4;
    }
}

namespace CsiTcmu.Scsi;

/// <summary>The mode pages of a disk (SPC-4 7.5, SBC-3 6.5). None of their fields can be changed.</summary>
internal static class ModePages
{
    /// <summary>The page code that stands for all pages.</summary>
    public const byte AllPages = 0x3F;

    private const int HeaderLength = 2;

    /// <summary>The pages that there are, in ascending order.</summary>
    public static ReadOnlySpan<byte> Codes => [0x01, 0x08, 0x0A, 0x1C];

    /// <summary>Writes one page, or all.</summary>
    /// <param name="code">Page code.</param>
    /// <param name="changeable">True to write the mask of the fields that can be changed instead of the values.</param>
    /// <param name="unit">The disk.</param>
    /// <param name="target">Where to.</param>
    /// <returns>Bytes written, or zero when there is no such page.</returns>
    public static int Write(byte code, bool changeable, LogicalUnit unit, Span<byte> target)
    {
        if (code != AllPages)
            return WritePage(code, changeable, unit, target);

        int length = 0;
        foreach (byte page in Codes)
            length += WritePage(page, changeable, unit, target[length..]);
        return length;
    }

    private static int WritePage(byte code, bool changeable, LogicalUnit unit, Span<byte> target)
    {
        int length = code switch
        {
            0x08 => 0x12,
            0x01 or 0x0A or 0x1C => 0x0A,
            _ => 0,
        };
        if (length == 0)
            return 0;

        Span<byte> page = target[..(HeaderLength + length)];
        page.Clear();
        page[0] = code;
        page[1] = (byte)length;
        if (!changeable)
            WriteValues(code, unit, page);
        return page.Length;
    }

    private static void WriteValues(byte code, LogicalUnit unit, Span<byte> page)
    {
        switch (code)
        {
            case 0x08: // Caching (SBC-3 6.5.5)
                page[2] = (byte)(unit.WriteCache ? 0x04 : 0); // WCE
                page[12] = 0x20; // DRA: the disk does not read ahead
                break;
            case 0x0A: // Control (SPC-4 7.5.8)
                page[2] = 0x02; // GLTSD: no log parameters are saved; D_SENSE=0: fixed format sense data
                page[3] = 0x10; // QUEUE ALGORITHM MODIFIER: commands are reordered freely
                page[5] = 0x40; // TAS: the target's own code ends aborted commands with TASK ABORTED
                page[8] = 0xFF; // BUSY TIMEOUT PERIOD: unlimited
                page[9] = 0xFF;
                break;
            case 0x1C: // Informational exceptions control (SBC-3 6.5.8)
                page[2] = 0x08; // DEXCPT: none are reported
                break;
            default: // Read-write error recovery (SBC-3 6.5.10): the medium below recovers
                break;
        }
    }
}

namespace CsiTcmu.Scsi;

/// <summary>
/// The field that an ILLEGAL REQUEST is about, as the sense-key-specific bytes of sense data carry it (SPC-4 4.5.2.4.2). The default value
/// points nowhere.
/// </summary>
public readonly record struct FieldPointer
{
    private const byte Valid = 0x80;
    private const byte InCommand = 0x40;
    private const byte BitValid = 0x08;

    private FieldPointer(byte flags, int index, int bit)
    {
        Flags = (byte)(bit < 0 ? flags : flags | BitValid | (bit & 7));
        Index = (ushort)index;
    }

    /// <summary>First of the three sense-key-specific bytes: SKSV, C/D, BPV and the bit pointer.</summary>
    internal byte Flags { get; }

    /// <summary>The byte that holds the field, or its most significant byte.</summary>
    public ushort Index { get; }

    /// <summary>Whether it points at anything.</summary>
    public bool IsValid => Flags != 0;

    /// <summary>True for a field of the CDB, false for one of the parameter list.</summary>
    public bool IsInCommand => (Flags & InCommand) != 0;

    /// <summary>The leftmost bit of the field, 7 to 0, or -1 when the field is whole bytes.</summary>
    public int Bit => (Flags & BitValid) != 0 ? Flags & 7 : -1;

    /// <summary>Points at a field of the CDB.</summary>
    /// <param name="index">Byte of the CDB.</param>
    /// <param name="bit">Leftmost bit of the field, 7 to 0; -1 for a field of whole bytes.</param>
    public static FieldPointer InCdb(int index, int bit = -1) => new(Valid | InCommand, index, bit);

    /// <summary>Points at a field of the parameter list in the data-out buffer.</summary>
    /// <param name="index">Byte of the parameter list.</param>
    /// <param name="bit">Leftmost bit of the field, 7 to 0; -1 for a field of whole bytes.</param>
    public static FieldPointer InParameterList(int index, int bit = -1) => new(Valid, index, bit);
}

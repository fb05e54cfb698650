using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>Builds sense data (SPC-4 4.5). Neither allocates nor throws.</summary>
public static class SenseData
{
    /// <summary>Bytes that the longest sense data takes. A shorter buffer gets as much as it holds.</summary>
    public const int MaximumLength = 28;

    private const int FixedLength = 18;
    private const int DescriptorHeaderLength = 8;

    /// <summary>Builds the sense data of a command that was answered with CHECK CONDITION.</summary>
    /// <param name="sense">Where to; cleared to its end first.</param>
    /// <param name="command">The answered command.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> sense, in ScsiCommand command) => Write(sense, command.Sense, information: null, command.Field);

    /// <summary>
    /// Builds sense data in fixed format, as the D_SENSE bit of the control mode page says (zero), or in descriptor format when
    /// <paramref name="information"/> does not fit into the 32 bits that the fixed format has for it.
    /// </summary>
    /// <param name="sense">Where to; cleared to its end first.</param>
    /// <param name="code">Sense key and codes.</param>
    /// <param name="information">The first bad LBA of a medium error, or the offset in bytes of the first difference of a miscompare.</param>
    /// <param name="field">For ILLEGAL REQUEST, the field in error.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> sense, SenseCode code, ulong? information = null, FieldPointer field = default) =>
        information > uint.MaxValue ? WriteDescriptors(sense, code, information, field) : WriteFixed(sense, code, information, field);

    /// <summary>Builds sense data in fixed format (SPC-4 4.5.3); <paramref name="information"/> has 32 bits.</summary>
    internal static int WriteFixed(Span<byte> sense, SenseCode code, ulong? information, FieldPointer field)
    {
        Span<byte> built = stackalloc byte[FixedLength];
        built.Clear();
        built[0] = (byte)(information is null ? 0x70 : 0xF0);
        built[2] = code.Key;
        BinaryPrimitives.WriteUInt32BigEndian(built[3..], (uint)information.GetValueOrDefault());
        built[7] = FixedLength - 8;
        built[12] = code.AdditionalCode;
        built[13] = code.Qualifier;
        WriteSenseKeySpecific(built[15..], field);
        return CopyOut(built, sense);
    }

    /// <summary>Builds sense data in descriptor format (SPC-4 4.5.2).</summary>
    internal static int WriteDescriptors(Span<byte> sense, SenseCode code, ulong? information, FieldPointer field)
    {
        Span<byte> built = stackalloc byte[MaximumLength];
        built.Clear();
        built[0] = 0x72;
        built[1] = code.Key;
        built[2] = code.AdditionalCode;
        built[3] = code.Qualifier;
        int length = DescriptorHeaderLength;
        if (information is { } value)
        {
            // Information descriptor, type 0.
            built[length + 1] = 0x0A;
            built[length + 2] = 0x80;
            BinaryPrimitives.WriteUInt64BigEndian(built[(length + 4)..], value);
            length += 12;
        }

        if (field.IsValid)
        {
            // Sense key specific descriptor, type 2.
            built[length] = 0x02;
            built[length + 1] = 0x06;
            WriteSenseKeySpecific(built[(length + 4)..], field);
            length += 8;
        }

        built[7] = (byte)(length - DescriptorHeaderLength);
        return CopyOut(built[..length], sense);
    }

    private static void WriteSenseKeySpecific(Span<byte> bytes, FieldPointer field)
    {
        bytes[0] = field.Flags;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[1..], field.Index);
    }

    private static int CopyOut(ReadOnlySpan<byte> built, Span<byte> sense)
    {
        // The tail is cleared because the kernel copies a fixed number of bytes to the initiator.
        sense.Clear();
        int length = Math.Min(built.Length, sense.Length);
        built[..length].CopyTo(sense);
        return length;
    }
}

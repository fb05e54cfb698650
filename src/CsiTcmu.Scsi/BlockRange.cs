using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>The LBA and the number of blocks of a CDB, with the places of both for the field pointer of a refusal.</summary>
internal readonly struct BlockRange(ulong address, uint count, int addressField, int countField)
{
    public uint Count { get; } = count;

    /// <summary>The first byte of the number of blocks in the CDB.</summary>
    public int CountField { get; } = countField;

    /// <summary>Reads the fields from where all of READ, WRITE, VERIFY, WRITE SAME and SYNCHRONIZE CACHE have them.</summary>
    /// <param name="cdb">A CDB as long as its operation code asks for.</param>
    public static BlockRange Of(ReadOnlySpan<byte> cdb) => (cdb[0] >> 5) switch
    {
        // No blocks in a 6-byte CDB stand for 256.
        0 => new(BinaryPrimitives.ReadUInt32BigEndian(cdb) & 0x1F_FFFF, cdb[4] == 0 ? 256u : cdb[4], addressField: 1, countField: 4),
        4 => new(BinaryPrimitives.ReadUInt64BigEndian(cdb[2..]), BinaryPrimitives.ReadUInt32BigEndian(cdb[10..]), addressField: 2, countField: 10),
        5 => new(BinaryPrimitives.ReadUInt32BigEndian(cdb[2..]), BinaryPrimitives.ReadUInt32BigEndian(cdb[6..]), addressField: 2, countField: 6),
        _ => new(BinaryPrimitives.ReadUInt32BigEndian(cdb[2..]), BinaryPrimitives.ReadUInt16BigEndian(cdb[7..]), addressField: 2, countField: 7),
    };

    /// <summary>Finds the range on the medium, or refuses the command when it reaches beyond the end.</summary>
    /// <param name="unit">The disk.</param>
    /// <param name="extent">The range in bytes.</param>
    /// <param name="command">What is refused.</param>
    /// <returns>True when the whole range lies on the medium.</returns>
    public bool TryLocate(LogicalUnit unit, out ByteExtent extent, ref ScsiCommand command)
    {
        ulong blocks = (ulong)unit.BlockCount;
        if (address > blocks || Count > blocks - address)
        {
            command.Refuse(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(addressField));
            extent = default;
            return false;
        }

        extent = new((long)address * unit.BlockSize, (long)Count * unit.BlockSize);
        return true;
    }

    /// <summary>Finds the range on the medium, or refuses the command when it is longer than one command may take or reaches beyond the end.</summary>
    /// <param name="unit">The disk.</param>
    /// <param name="maximumLength">In bytes.</param>
    /// <param name="extent">The range in bytes.</param>
    /// <param name="command">What is refused.</param>
    public bool TryLocate(LogicalUnit unit, long maximumLength, out ByteExtent extent, ref ScsiCommand command)
    {
        if ((long)Count * unit.BlockSize > maximumLength)
        {
            command.RefuseField(CountField);
            extent = default;
            return false;
        }

        return TryLocate(unit, out extent, ref command);
    }
}

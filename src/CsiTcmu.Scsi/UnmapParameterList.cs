using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>The parameter list of UNMAP (SBC-3 5.28.2): a header of 8 bytes, then a block descriptor of 16 bytes for each range.</summary>
public static class UnmapParameterList
{
    /// <summary>Bytes of the longest list that has a meaning; what follows behind need not be read.</summary>
    public const int MaximumLength = HeaderLength + BlockLimits.MaximumUnmapDescriptors * DescriptorLength;

    internal const int HeaderLength = 8;
    private const int DescriptorLength = 16;

    /// <summary>Reads a list, checks all of it and finds the ranges to deallocate. Neither allocates nor throws.</summary>
    /// <param name="unit">The disk.</param>
    /// <param name="list">The first <see cref="ScsiCommand.ParameterLength"/> bytes of the data buffer.</param>
    /// <param name="extents">Room for <see cref="BlockLimits.MaximumUnmapDescriptors"/> ranges.</param>
    /// <param name="count">How many ranges were found; descriptors of no blocks yield none.</param>
    /// <param name="sense">Why the list is refused, and then nothing may be deallocated.</param>
    /// <param name="field">The field that is refused.</param>
    /// <returns>True when the list is right.</returns>
    public static bool TryParse(
        LogicalUnit unit, ReadOnlySpan<byte> list, Span<ByteExtent> extents, out int count, out SenseCode sense, out FieldPointer field)
    {
        count = 0;
        field = default;
        if (list.Length < HeaderLength)
        {
            sense = SenseCode.ParameterListLengthError;
            return false;
        }

        int dataLength = BinaryPrimitives.ReadUInt16BigEndian(list);
        int descriptorsLength = BinaryPrimitives.ReadUInt16BigEndian(list[2..]);

        // A last descriptor that is not whole is ignored.
        int descriptors = descriptorsLength / DescriptorLength;
        sense = SenseCode.InvalidFieldInParameterList;
        if (dataLength < descriptorsLength + HeaderLength - 2)
        {
            field = FieldPointer.InParameterList(0);
            return false;
        }

        if (descriptors > Math.Min(BlockLimits.MaximumUnmapDescriptors, extents.Length))
        {
            field = FieldPointer.InParameterList(2);
            return false;
        }

        if (HeaderLength + descriptors * DescriptorLength > list.Length)
        {
            sense = SenseCode.ParameterListLengthError;
            return false;
        }

        long total = 0;
        int found = 0;
        for (int i = 0; i < descriptors; i++)
        {
            int place = HeaderLength + i * DescriptorLength;
            ulong address = BinaryPrimitives.ReadUInt64BigEndian(list[place..]);
            uint blocks = BinaryPrimitives.ReadUInt32BigEndian(list[(place + 8)..]);
            if (address > (ulong)unit.BlockCount || blocks > (ulong)unit.BlockCount - address)
            {
                sense = SenseCode.LogicalBlockAddressOutOfRange;
                field = FieldPointer.InParameterList(place);
                return false;
            }

            long length = (long)blocks * unit.BlockSize;
            total += length;
            if (total > BlockLimits.MaximumUnmapLength)
            {
                field = FieldPointer.InParameterList(place + 8);
                return false;
            }

            if (length > 0)
                extents[found++] = new((long)address * unit.BlockSize, length);
        }

        count = found;
        sense = SenseCode.NoSense;
        return true;
    }
}

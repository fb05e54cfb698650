using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>UNMAP, WRITE SAME and GET LBA STATUS (SBC-3 5.28, 5.44 and 5.4).</summary>
internal static class Provisioning
{
    private const byte UnmapBit = 0x08;
    private const byte NoDataOut = 0x01;

    public static void Unmap(in CommandContext context, ref ScsiCommand command)
    {
        if (context.Unit.ReadOnly)
        {
            command.Refuse(SenseCode.WriteProtected);
            return;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(context.Cdb[7..]);
        if (length == 0)
            return;
        if (length < UnmapParameterList.HeaderLength || context.DataLength < length)
        {
            command.Refuse(SenseCode.ParameterListLengthError, FieldPointer.InCdb(7));
            return;
        }

        command.Operation = ScsiOperation.Unmap;
        command.ParameterLength = Math.Min(length, UnmapParameterList.MaximumLength);
    }

    public static void WriteSame(in CommandContext context, ref ScsiCommand command)
    {
        if (context.Unit.ReadOnly)
        {
            command.Refuse(SenseCode.WriteProtected);
            return;
        }

        BlockRange range = BlockRange.Of(context.Cdb);
        if (range.Count == 0)
        {
            // WSNZ of VPD page B0 says that no blocks do not stand for the rest of the medium.
            command.RefuseField(range.CountField);
            return;
        }

        if (!range.TryLocate(context.Unit, BlockLimits.MaximumWriteSameLength, out ByteExtent extent, ref command))
            return;

        bool unmap = (context.Cdb[1] & UnmapBit) != 0;
        bool noDataOut = (context.Cdb[1] & NoDataOut) != 0;
        if (context.DataLength != (noDataOut ? 0 : context.Unit.BlockSize))
        {
            command.Refuse(SenseCode.InvalidFieldInCommandInformationUnit);
            return;
        }

        command.Perform((noDataOut, unmap) switch
        {
            (false, _) => ScsiOperation.WriteSame,
            (true, false) => ScsiOperation.WriteZeroes,
            (true, true) => ScsiOperation.Discard,
        }, extent);
        command.MayUnmap = unmap;
    }

    public static void GetLbaStatus(in CommandContext context, ref ScsiCommand command)
    {
        ulong address = BinaryPrimitives.ReadUInt64BigEndian(context.Cdb[2..]);
        var first = new BlockRange(address, count: 1, addressField: 2, countField: 10);
        if (!first.TryLocate(context.Unit, out ByteExtent extent, ref command))
            return;

        uint allocationLength = BinaryPrimitives.ReadUInt32BigEndian(context.Cdb[10..]);
        int length = (int)Math.Min(allocationLength, Math.Min(context.DataLength, int.MaxValue));
        if (length == 0)
            return;
        command.Perform(ScsiOperation.GetLbaStatus, extent with { Length = context.Unit.Size - extent.Offset });
        command.ParameterLength = length;
    }
}

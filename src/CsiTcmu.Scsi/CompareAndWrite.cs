using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>COMPARE AND WRITE (SBC-3 5.3).</summary>
internal static class CompareAndWrite
{
    private const byte ForceUnitAccess = 0x08;

    public static void Decode(in CommandContext context, ref ScsiCommand command)
    {
        if (context.Unit.ReadOnly)
        {
            command.Refuse(SenseCode.WriteProtected);
            return;
        }

        ReadOnlySpan<byte> cdb = context.Cdb;
        var range = new BlockRange(BinaryPrimitives.ReadUInt64BigEndian(cdb[2..]), cdb[13], addressField: 2, countField: 13);
        if (!range.TryLocate(context.Unit, BlockLimits.MaximumCompareAndWriteLength, out ByteExtent extent, ref command))
            return;
        if (context.DataLength != 2 * extent.Length)
            command.Refuse(SenseCode.InvalidFieldInCommandInformationUnit);
        else if (extent.Length > 0)
            command.Perform(ScsiOperation.CompareAndWrite, extent);
        command.ForceUnitAccess = (cdb[1] & ForceUnitAccess) != 0;
    }
}

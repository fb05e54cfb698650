namespace CsiTcmu.Scsi;

/// <summary>READ, WRITE, VERIFY, WRITE AND VERIFY and SYNCHRONIZE CACHE of every length (SBC-3 clause 5).</summary>
internal static class Transfers
{
    private const byte ForceUnitAccess = 0x08;
    private const byte ByteCheck = 0x02;

    public static void Read(in CommandContext context, ref ScsiCommand command)
    {
        if (!BlockRange.Of(context.Cdb).TryLocate(context.Unit, context.Unit.MaxTransferLength, out ByteExtent extent, ref command))
            return;
        if (context.DataLength < extent.Length)
            command.Refuse(SenseCode.InvalidFieldInCommandInformationUnit);
        else if (extent.Length > 0)
            command.Perform(ScsiOperation.Read, extent);
        command.ForceUnitAccess = IsForced(context.Cdb);
    }

    public static void Write(in CommandContext context, ref ScsiCommand command)
    {
        TransferOut(context, ScsiOperation.Write, ref command);
        command.ForceUnitAccess = IsForced(context.Cdb);
    }

    public static void WriteAndVerify(in CommandContext context, ref ScsiCommand command)
    {
        TransferOut(context, ScsiOperation.Write, ref command);

        // What is verified must be on the medium.
        command.ForceUnitAccess = true;
        command.CompareAfterWrite = (context.Cdb[1] & ByteCheck) != 0;
    }

    public static void Verify(in CommandContext context, ref ScsiCommand command)
    {
        // Without BYTCHK nothing is transferred, and the medium keeps its own checksums.
        if ((context.Cdb[1] & ByteCheck) != 0)
            TransferOut(context, ScsiOperation.Compare, ref command);
        else if (BlockRange.Of(context.Cdb).TryLocate(context.Unit, context.Unit.MaxTransferLength, out _, ref command))
            command.Answer();
    }

    public static void SynchronizeCache(in CommandContext context, ref ScsiCommand command)
    {
        BlockRange range = BlockRange.Of(context.Cdb);
        if (!range.TryLocate(context.Unit, out ByteExtent extent, ref command))
            return;

        // No blocks stand for the rest of the medium.
        command.Perform(ScsiOperation.Flush, range.Count == 0 ? extent with { Length = context.Unit.Size - extent.Offset } : extent);
    }

    private static void TransferOut(in CommandContext context, ScsiOperation operation, ref ScsiCommand command)
    {
        if (context.Unit.ReadOnly && operation == ScsiOperation.Write)
        {
            command.Refuse(SenseCode.WriteProtected);
            return;
        }

        if (!BlockRange.Of(context.Cdb).TryLocate(context.Unit, context.Unit.MaxTransferLength, out ByteExtent extent, ref command))
            return;
        if (context.DataLength != extent.Length)
            command.Refuse(SenseCode.InvalidFieldInCommandInformationUnit);
        else if (extent.Length > 0)
            command.Perform(operation, extent);
    }

    // A 6-byte CDB has its LBA where the others have the bit.
    private static bool IsForced(ReadOnlySpan<byte> cdb) => cdb[0] >> 5 != 0 && (cdb[1] & ForceUnitAccess) != 0;
}

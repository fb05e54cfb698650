namespace CsiTcmu.Scsi;

/// <summary>Decodes CDBs for a disk and answers those that touch no medium.</summary>
public static class CommandDecoder
{
    /// <summary>Bytes that the reply buffer must have.</summary>
    public const int ReplyCapacity = 4096;

    /// <summary>Decodes one CDB. Neither allocates nor throws.</summary>
    /// <param name="unit">The disk.</param>
    /// <param name="cdb">
    /// The CDB, 1 to 32 bytes. Fewer than the operation code asks for are refused; what follows behind is not looked at.
    /// </param>
    /// <param name="dataLength">
    /// Bytes of the data buffer that came with the command. A buffer for data-in may be longer than the transfer; one of data-out must have
    /// its very length.
    /// </param>
    /// <param name="reply">At least <see cref="ReplyCapacity"/> bytes for data-in of answered commands.</param>
    /// <param name="command">What to do or to answer.</param>
    public static void Decode(LogicalUnit unit, ReadOnlySpan<byte> cdb, long dataLength, Span<byte> reply, out ScsiCommand command)
    {
        command = default;
        if (cdb.IsEmpty)
        {
            command.Refuse(SenseCode.InvalidOperationCode);
            return;
        }

        if (reply.Length < ReplyCapacity)
        {
            command.Refuse(SenseCode.InternalTargetFailure);
            return;
        }

        CommandDescription? description = CommandTable.Find(cdb[0], cdb.Length > 1 ? cdb[1] & 0x1F : 0);
        if (description is null)
        {
            if (CommandTable.IsSupported(cdb[0]))
                command.RefuseField(1, 4);
            else
                command.Refuse(SenseCode.InvalidOperationCode, FieldPointer.InCdb(0));
            return;
        }

        if (cdb.Length < description.Usage.Length)
        {
            command.Refuse(SenseCode.InvalidFieldInCdb);
            return;
        }

        FieldPointer unused = description.FindUnusedField(cdb);
        if (unused.IsValid)
        {
            command.Refuse(SenseCode.InvalidFieldInCdb, unused);
            return;
        }

        description.Handler(new CommandContext(unit, cdb, dataLength, reply), ref command);
    }
}

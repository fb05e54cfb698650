namespace CsiTcmu.Scsi;

/// <summary>What a command is decoded from, and where its reply goes.</summary>
internal readonly ref struct CommandContext(LogicalUnit unit, ReadOnlySpan<byte> cdb, long dataLength, Span<byte> reply)
{
    public LogicalUnit Unit { get; } = unit;

    public ReadOnlySpan<byte> Cdb { get; } = cdb;

    /// <summary>Bytes of the data buffer, zero or more.</summary>
    public long DataLength { get; } = Math.Max(0, dataLength);

    public Span<byte> Reply { get; } = reply;
}

/// <summary>Decodes the commands of one or several operation codes whose CDB has been checked against its usage map.</summary>
internal delegate void CommandHandler(in CommandContext context, ref ScsiCommand command);

namespace CsiTcmu.Scsi.Tests;

/// <summary>Disks to ask, and the asking.</summary>
internal static class Disk
{
    public const string Serial = "0123456789abcdef";

    /// <summary>Blocks of the disks when a test does not say: not a round number, so that ends are seen.</summary>
    public const long Blocks = 1_000_003;

    public static readonly byte[] Designator =
        [0x60, 0x01, 0x40, 0x5A, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC];

    public static LogicalUnit Of(int blockSize, long blocks = Blocks) => new()
    {
        Designator = Designator,
        SerialNumber = Serial,
        BlockSize = blockSize,
        PhysicalBlockSize = 4096,
        BlockCount = blocks,
        WriteCache = true,
    };

    /// <summary>Decodes into a buffer full of stale bytes.</summary>
    public static Decoded Ask(this LogicalUnit unit, byte[] cdb, long dataLength = 65536, byte stale = 0xA5)
    {
        byte[] reply = new byte[CommandDecoder.ReplyCapacity];
        reply.AsSpan().Fill(stale);
        CommandDecoder.Decode(unit, cdb, dataLength, reply, out ScsiCommand command);
        return new(command, reply[..command.ReplyLength]);
    }

    /// <summary>Bytes from hexadecimal text with spaces and line ends wherever they help.</summary>
    public static byte[] Hex(string text) => Convert.FromHexString(string.Concat(text.Where(char.IsAsciiHexDigit)));
}

internal sealed record Decoded(ScsiCommand Command, byte[] Reply)
{
    public ScsiOperation Operation => Command.Operation;

    public void IsGood()
    {
        Assert.Equal(ScsiOperation.Answered, Command.Operation);
        Assert.Equal(ScsiStatus.Good, Command.Status);
        Assert.Equal(SenseCode.NoSense, Command.Sense);
    }

    public void IsGood(string hex)
    {
        IsGood();
        Assert.Equal(Convert.ToHexString(Disk.Hex(hex)), Convert.ToHexString(Reply));
    }

    public void IsRefused(SenseCode sense, FieldPointer field = default)
    {
        Assert.Equal((ScsiOperation.Answered, ScsiStatus.CheckCondition, sense, field), (Command.Operation, Command.Status, Command.Sense, Command.Field));
        Assert.Empty(Reply);
    }

    public void IsRefusedField(int index, int bit = -1) => IsRefused(SenseCode.InvalidFieldInCdb, FieldPointer.InCdb(index, bit));

    public void Is(ScsiOperation operation, long offset, long length) =>
        Assert.Equal((operation, offset, length), (Command.Operation, Command.Offset, Command.Length));
}

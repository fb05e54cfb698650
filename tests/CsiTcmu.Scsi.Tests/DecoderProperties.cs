using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;

namespace CsiTcmu.Scsi.Tests;

/// <summary>What holds for any CDB and any data buffer.</summary>
public class DecoderProperties
{
    private static readonly LogicalUnit[] Units =
    [
        Disk.Of(512),
        Disk.Of(4096),
        Disk.Of(512) with { ReadOnly = true, WriteCache = false },
        Disk.Of(512, blocks: 1),
        Disk.Of(4096, blocks: long.MaxValue >> 12) with { MaxTransferLength = int.MaxValue & ~4095 },
    ];

    private static readonly Supported[] Commands = Supported.Of(Units[0]);

    /// <summary>A disk, a CDB and the length of its data buffer.</summary>
    private sealed record Case(LogicalUnit Unit, byte[] CommandBlock, long DataLength)
    {
        public override string ToString() =>
            $"{Convert.ToHexString(CommandBlock)} with {DataLength} bytes to {Unit.BlockCount} blocks of {Unit.BlockSize}";
    }

    [Fact]
    public void Any_command_is_answered_or_lies_on_the_medium()
    {
        var seen = new HashSet<(ScsiOperation, SenseCode)>();
        Prop.ForAll(Cases.ToArbitrary(), sample =>
        {
            Decoded decoded = sample.Unit.Ask(sample.CommandBlock, sample.DataLength);
            Check(sample, decoded);
            seen.Add((decoded.Operation, decoded.Command.Sense));
        }).Check(Properties.Many.WithMaxTest(30_000));

        // The cases are worth something: every operation and every refusal came up.
        Assert.Equal(Enum.GetValues<ScsiOperation>().Order(), seen.Select(pair => pair.Item1).Distinct().Order());
        SenseCode[] refusals =
        [
            SenseCode.NoSense, SenseCode.InvalidFieldInCommandInformationUnit, SenseCode.ParameterListLengthError,
            SenseCode.InvalidOperationCode, SenseCode.LogicalBlockAddressOutOfRange, SenseCode.InvalidFieldInCdb,
            SenseCode.SavingParametersNotSupported, SenseCode.WriteProtected,
        ];
        Assert.Equal(refusals.Select(code => code.ToString()).Order(), seen.Select(pair => pair.Item2.ToString()).Distinct().Order());
    }

    [Fact]
    public void A_reply_holds_no_stale_byte_and_is_the_start_of_the_longest_reply() =>
        Prop.ForAll(Cases.ToArbitrary(), sample =>
        {
            Decoded one = sample.Unit.Ask(sample.CommandBlock, sample.DataLength, stale: 0xA5);
            Decoded other = sample.Unit.Ask(sample.CommandBlock, sample.DataLength, stale: 0x5A);
            Assert.Equal(one.Reply, other.Reply);
            Assert.Equal(one.Command, other.Command);
            if (one.Reply.Length > 0)
                Assert.Equal(one.Reply, sample.Unit.Ask(sample.CommandBlock, long.MaxValue).Reply[..one.Reply.Length]);
        }).Check(Properties.Many);

    [Fact]
    public void Bits_outside_of_the_usage_map_are_refused_whatever_the_others_say() =>
        Prop.ForAll(Cases.ToArbitrary(), sample =>
        {
            byte[] cdb = sample.CommandBlock;
            Supported? command = Commands.FirstOrDefault(known =>
                cdb.Length >= known.Usage.Length
                && known.OperationCode == cdb[0]
                && (known.ServiceAction is null || known.ServiceAction == (cdb[1] & 0x1F)));
            if (command is null)
                return;
            int unused = Enumerable.Range(0, command.Usage.Length).FirstOrDefault(i => (cdb[i] & ~command.Allowed[i]) != 0, -1);
            Decoded decoded = sample.Unit.Ask(cdb, sample.DataLength);
            if (unused >= 0)
                Assert.Equal((SenseCode.InvalidFieldInCdb, unused), (decoded.Command.Sense, decoded.Command.Field.Index));
        }).Check(Properties.Many);

    private static void Check(Case sample, Decoded decoded)
    {
        ScsiCommand command = decoded.Command;
        long dataLength = Math.Max(0, sample.DataLength);
        LogicalUnit unit = sample.Unit;
        Assert.InRange(command.ReplyLength, 0, (int)Math.Min(dataLength, CommandDecoder.ReplyCapacity));
        if (command.Operation == ScsiOperation.Answered)
        {
            Assert.True(command.Status is ScsiStatus.Good or ScsiStatus.CheckCondition);
            Assert.Equal(command.Status == ScsiStatus.CheckCondition, command.Sense.Key != 0);
            Assert.True(command.Status == ScsiStatus.Good || command.ReplyLength == 0);
            Assert.True(command.Status == ScsiStatus.CheckCondition || !command.Field.IsValid);
            if (command.Field.IsValid)
                Assert.True(command.Field.IsInCommand && command.Field.Index < sample.CommandBlock.Length);
            if (AllocationLength(sample.CommandBlock) is { } allocationLength)
                Assert.True(command.ReplyLength <= allocationLength);
            return;
        }

        Assert.Equal((0, SenseCode.NoSense, false), (command.ReplyLength, command.Sense, command.Field.IsValid));
        if (command.Operation == ScsiOperation.Unmap)
        {
            Assert.InRange(command.ParameterLength, 8, (int)Math.Min(dataLength, UnmapParameterList.MaximumLength));
        }
        else
        {
            Assert.True(command.Offset >= 0 && command.Offset % unit.BlockSize == 0 && command.Length % unit.BlockSize == 0);
            Assert.True(command.Length <= unit.Size - command.Offset);
            Assert.True(command.Length > 0 || (command.Operation == ScsiOperation.Flush && command.Length == 0));
        }

        switch (command.Operation)
        {
            case ScsiOperation.Read:
                Assert.True(command.Length <= Math.Min(dataLength, unit.MaxTransferLength));
                break;
            case ScsiOperation.Write or ScsiOperation.Compare:
                Assert.True(command.Length == dataLength && command.Length <= unit.MaxTransferLength);
                break;
            case ScsiOperation.CompareAndWrite:
                Assert.True(2 * command.Length == dataLength && command.Length <= BlockLimits.MaximumCompareAndWriteLength);
                break;
            case ScsiOperation.WriteSame:
                Assert.True(dataLength == unit.BlockSize && command.Length <= BlockLimits.MaximumWriteSameLength);
                break;
            case ScsiOperation.Discard or ScsiOperation.WriteZeroes:
                Assert.True(dataLength == 0 && command.Length <= BlockLimits.MaximumWriteSameLength);
                break;
            case ScsiOperation.GetLbaStatus:
                Assert.InRange(command.ParameterLength, 1, dataLength);
                break;
        }

        bool reads = command.Operation is ScsiOperation.Read or ScsiOperation.Compare or ScsiOperation.Flush or ScsiOperation.GetLbaStatus;
        Assert.True(reads || !unit.ReadOnly);
    }

    private static uint? AllocationLength(ReadOnlySpan<byte> cdb) => (cdb[0], cdb.Length) switch
    {
        (0x03 or 0x1A, >= 6) => cdb[4],
        (0x12, >= 6) => BinaryPrimitives.ReadUInt16BigEndian(cdb[3..]),
        (0x5A, >= 10) => BinaryPrimitives.ReadUInt16BigEndian(cdb[7..]),
        (0xA0 or 0xA3, >= 12) => BinaryPrimitives.ReadUInt32BigEndian(cdb[6..]),
        (0x9E, >= 16) => BinaryPrimitives.ReadUInt32BigEndian(cdb[10..]),
        (0x25, _) => 8,
        _ => null,
    };

    // From noise to CDBs that mean something, so that both the checks and what lies behind them are met.
    private static Gen<Case> Cases
    {
        get
        {
            Gen<byte> anything = Gen.Choose(0, 255).Select(value => (byte)value);
            Gen<byte> mostlyZero = Gen.Frequency((8, Gen.Constant((byte)0)), (2, Gen.Choose(0, 9).Select(value => (byte)value)), (1, anything));
            Gen<byte[]> noise = Gen.Choose(1, 32).SelectMany(length => anything.ArrayOf(length));
            Gen<byte[]> known =
                from command in Gen.Elements(Commands)
                from style in Gen.Elements(anything, mostlyZero)
                from bytes in style.ArrayOf(16)
                from strict in Gen.Frequency((1, Gen.Constant(false)), (5, Gen.Constant(true)))
                from length in Gen.Frequency((9, Gen.Constant(command.Usage.Length)), (1, Gen.Choose(1, 16)))
                select Fill(command, bytes, strict)[..Math.Min(length, command.Usage.Length)];
            Gen<byte[]> meant =
                from command in Gen.Elements(Commands)
                from flags in anything
                from address in Gen.Choose(0, 3)
                from count in Gen.Choose(0, 9)
                select Fill(command, Small(command.Usage.Length, flags, (byte)address, (byte)count), strict: true);
            Gen<long> lengths = Gen.Frequency(
                (3, Gen.Choose(0, 16).Select(blocks => blocks * 512L)),
                (3, Gen.Choose(0, 256).Select(blocks => blocks * 4096L)),
                (2, Gen.Choose(0, 300).Select(length => (long)length)),
                (1, Gen.Elements(-1, long.MinValue, long.MaxValue, int.MaxValue, uint.MaxValue)));
            return from unit in Gen.Elements(Units)
                   from cdb in Gen.Frequency((1, noise), (5, known), (5, meant))
                   from length in lengths
                   from fits in Gen.Elements(true, false)
                   select new Case(unit, cdb, fits && FittingLength(unit, cdb) is { } fitting ? fitting : length);
        }
    }

    // A small address and a small number of blocks in the last bytes of their fields.
    private static byte[] Small(int length, byte flags, byte address, byte count)
    {
        byte[] bytes = new byte[length];
        bytes[1] = flags;
        (int addressByte, int countByte) = length switch
        {
            6 => (3, 4),
            10 => (5, 8),
            12 => (5, 9),
            _ => (9, 13),
        };
        bytes[addressByte] = address;
        bytes[countByte] = count;
        return bytes;
    }

    private static byte[] Fill(Supported command, byte[] bytes, bool strict)
    {
        byte[] cdb = command.Bare;
        for (int i = 1; i < cdb.Length; i++)
            cdb[i] |= (byte)(strict ? bytes[i] & command.Usage[i] : bytes[i]);
        return cdb;
    }

    private static long? FittingLength(LogicalUnit unit, byte[] cdb) => cdb.Length switch
    {
        16 when cdb[0] == 0x89 => 2L * cdb[13] * unit.BlockSize,
        16 when cdb[0] == 0x93 => (cdb[1] & 1) != 0 ? 0 : unit.BlockSize,
        10 when cdb[0] == 0x41 => unit.BlockSize,
        16 => (long)BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(10)) * unit.BlockSize,
        12 => (long)BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(6)) * unit.BlockSize,
        10 => (long)BinaryPrimitives.ReadUInt16BigEndian(cdb.AsSpan(7)) * unit.BlockSize,
        6 => (cdb[4] == 0 ? 256L : cdb[4]) * unit.BlockSize,
        _ => null,
    };
}

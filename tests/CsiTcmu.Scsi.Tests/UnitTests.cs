namespace CsiTcmu.Scsi.Tests;

public class UnitTests
{
    [Fact]
    public void Read_capacity_10()
    {
        byte[] cdb = new byte[10];
        cdb[0] = 0x25;
        Disk.Of(512).Ask(cdb).IsGood("000F4242 00000200");
        Disk.Of(4096).Ask(cdb).IsGood("000F4242 00001000");
        Disk.Of(512, blocks: 1).Ask(cdb).IsGood("00000000 00000200");
        Disk.Of(512, blocks: uint.MaxValue).Ask(cdb).IsGood("FFFFFFFE 00000200");
        Disk.Of(512, blocks: 1L << 32).Ask(cdb).IsGood("FFFFFFFF 00000200");
        Disk.Of(512, blocks: 1L << 40).Ask(cdb).IsGood("FFFFFFFF 00000200");
        Disk.Of(512).Ask(cdb, dataLength: 4).IsGood("000F4242");
        cdb[5] = 1; // LBA without PMI
        Disk.Of(512).Ask(cdb).IsRefusedField(5, 0);
    }

    [Fact]
    public void Read_capacity_16()
    {
        Disk.Of(512).Ask(Cdb.ReadCapacity16()).IsGood("00000000000F4242 00000200 00 03 C000" + new string('0', 32));
        Disk.Of(4096, blocks: 1L << 40).Ask(Cdb.ReadCapacity16()).IsGood("000000FFFFFFFFFF 00001000 00 00 C000" + new string('0', 32));
        (Disk.Of(512) with { PhysicalBlockSize = 512 }).Ask(Cdb.ReadCapacity16(14)).IsGood("00000000000F4242 00000200 00 00");
        (Disk.Of(512) with { PhysicalBlockSize = 65536 }).Ask(Cdb.ReadCapacity16(14)).IsGood("00000000000F4242 00000200 00 07");
        Disk.Of(512).Ask(Cdb.ReadCapacity16(uint.MaxValue)).IsGood("00000000000F4242 00000200 00 03 C000" + new string('0', 32));
        Disk.Of(512).Ask(Cdb.ReadCapacity16(0)).IsGood("");
    }

    [Fact]
    public void The_disk_is_ready_and_has_no_sense_pending()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask([0, 0, 0, 0, 0, 0], 0).IsGood("");
        unit.Ask([3, 0, 0, 0, 252, 0]).IsGood("70 00 00 00000000 0A 00000000 00 00 00 000000");
        unit.Ask([3, 1, 0, 0, 252, 0]).IsGood("72 00 00 00 000000 00");
        unit.Ask([3, 0, 0, 0, 8, 0]).IsGood("70 00 00 00000000 0A");
    }

    [Fact]
    public void The_disk_can_be_started_and_not_stopped_or_ejected()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask([0x1B, 0, 0, 0, 1, 0], 0).IsGood();
        unit.Ask([0x1B, 1, 0, 0, 1, 0], 0).IsGood();
        unit.Ask([0x1B, 0, 0, 0, 0, 0], 0).IsRefusedField(4, 0);
        unit.Ask([0x1B, 0, 0, 0, 2, 0], 0).IsRefusedField(4, 1);
        unit.Ask([0x1B, 0, 0, 0, 3, 0], 0).IsRefusedField(4, 1);
        unit.Ask([0x1B, 0, 0, 0, 0x30, 0], 0).IsRefusedField(4, 5);
    }

    [Fact]
    public void There_is_one_logical_unit()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask(Luns(0)).IsGood("00000008 00000000 0000000000000000");
        unit.Ask(Luns(1)).IsGood("00000000 00000000");
        unit.Ask(Luns(2)).IsGood("00000008 00000000 0000000000000000");
        unit.Ask(Luns(3)).IsRefusedField(2);
        unit.Ask(Luns(0, allocationLength: 15)).IsRefusedField(6);
    }

    [Fact]
    public void Task_management_functions_are_reported()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask([0xA3, 0x0D, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0]).IsGood("88 00 00 00");
        unit.Ask([0xA3, 0x0D, 0x80, 0, 0, 0, 0, 0, 0, 255, 0, 0]).IsGood("88 00 00 0C 00000000 00000000 00000000");
        unit.Ask([0xA3, 0x0D, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0]).IsRefusedField(6);
    }

    [Theory]
    [InlineData(0x04)] // FORMAT UNIT
    [InlineData(0x15)] // MODE SELECT (6)
    [InlineData(0x37)] // READ DEFECT DATA (10)
    [InlineData(0x3B)] // WRITE BUFFER
    [InlineData(0x55)] // MODE SELECT (10)
    [InlineData(0x5F)] // PERSISTENT RESERVE OUT
    [InlineData(0x7F)] // variable length
    [InlineData(0x83)] // EXTENDED COPY
    [InlineData(0x85)] // ATA PASS-THROUGH (16)
    [InlineData(0xA2)] // SECURITY PROTOCOL IN
    [InlineData(0xFF)]
    public void Other_commands_are_refused(byte code)
    {
        byte[] cdb = new byte[32];
        cdb[0] = code;
        Disk.Of(512).Ask(cdb).IsRefused(SenseCode.InvalidOperationCode, FieldPointer.InCdb(0));
        Disk.Of(512).Ask([code]).IsRefused(SenseCode.InvalidOperationCode, FieldPointer.InCdb(0));
    }

    [Fact]
    public void A_cut_CDB_is_refused_and_a_longer_one_read_to_its_length()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask([], 0).IsRefused(SenseCode.InvalidOperationCode);
        foreach (byte[] cdb in new[] { Cdb.Six(0x08, 0, 1), Cdb.Ten(0x28, 0, 1), Cdb.Twelve(0xA8, 0, 1), Cdb.Sixteen(0x88, 0, 1), Cdb.ReadCapacity16() })
        {
            for (int length = 2; length < cdb.Length; length++)
                unit.Ask(cdb[..length], 512).IsRefused(SenseCode.InvalidFieldInCdb);
            Assert.Equal(ScsiStatus.Good, unit.Ask(cdb, 512).Command.Status);
            Assert.Equal(unit.Ask(cdb, 512).Command, unit.Ask([.. cdb, 0xFF, 0xFF, 0xFF], 512).Command);
        }
    }

    [Fact]
    public void A_reply_buffer_that_is_too_small_is_an_error_of_this_target()
    {
        CommandDecoder.Decode(Disk.Of(512), Cdb.Inquiry(36), 36, new byte[CommandDecoder.ReplyCapacity - 1], out ScsiCommand command);
        Assert.Equal((ScsiStatus.CheckCondition, SenseCode.InternalTargetFailure), (command.Status, command.Sense));
    }

    private static byte[] Luns(byte select, byte allocationLength = 255) => [0xA0, 0, select, 0, 0, 0, 0, 0, 0, allocationLength, 0, 0];
}

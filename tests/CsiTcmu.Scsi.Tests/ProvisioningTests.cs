namespace CsiTcmu.Scsi.Tests;

public class ProvisioningTests
{
    private const byte UnmapBit = 0x08;
    private const byte AnchorBit = 0x10;
    private const byte NoDataOut = 0x01;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Write_same_is_what_its_bits_say(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        ScsiCommand plain = Same(unit, 10, 4, flags: 0).Command;
        Assert.Equal((ScsiOperation.WriteSame, 10L * blockSize, 4L * blockSize, false), (plain.Operation, plain.Offset, plain.Length, plain.MayUnmap));
        ScsiCommand unmap = Same(unit, 10, 4, UnmapBit).Command;
        Assert.Equal((ScsiOperation.WriteSame, 10L * blockSize, 4L * blockSize, true), (unmap.Operation, unmap.Offset, unmap.Length, unmap.MayUnmap));
        Same(unit, 10, 4, NoDataOut).Is(ScsiOperation.WriteZeroes, 10 * blockSize, 4 * blockSize);
        Same(unit, 10, 4, NoDataOut | UnmapBit).Is(ScsiOperation.Discard, 10 * blockSize, 4 * blockSize);

        unit.Ask(Cdb.Ten(0x41, 10, 4), blockSize).Is(ScsiOperation.WriteSame, 10 * blockSize, 4 * blockSize);
        Assert.True(unit.Ask(Cdb.Ten(0x41, 10, 4, UnmapBit), blockSize).Command.MayUnmap);

        // NDOB is reserved in ten bytes.
        unit.Ask(Cdb.Ten(0x41, 10, 4, NoDataOut), 0).IsRefusedField(1, 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(UnmapBit)]
    [InlineData(NoDataOut)]
    [InlineData(UnmapBit | NoDataOut)]
    public void Write_same_refuses_to_anchor(byte flags) => Same(Disk.Of(512), 0, 1, (byte)(flags | AnchorBit)).IsRefusedField(1, 4);

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Write_same_covers_no_more_than_page_B0_claims_and_not_nothing(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        uint most = (uint)BlockLimitsClaim.MaximumWriteSame(unit);
        Same(unit, 0, most, UnmapBit).Is(ScsiOperation.WriteSame, 0, (long)most * blockSize);
        Same(unit, 0, most + 1, UnmapBit).IsRefusedField(10);
        Same(unit, 0, uint.MaxValue, UnmapBit).IsRefusedField(10);
        Same(unit, 0, 0, UnmapBit).IsRefusedField(10);
        unit.Ask(Cdb.Ten(0x41, 0, 0), blockSize).IsRefusedField(7);
        Assert.Equal(1, unit.Ask(Cdb.Inquiry(64, 0xB0)).Reply[4] & 1);
    }

    [Fact]
    public void Write_same_wants_one_block_of_data()
    {
        LogicalUnit unit = Disk.Of(4096);
        foreach (long length in new long[] { 0, 512, 4095, 4097, 8192 })
            unit.Ask(Cdb.Sixteen(0x93, 0, 8), length).IsRefused(SenseCode.InvalidFieldInCommandInformationUnit);
        unit.Ask(Cdb.Sixteen(0x93, 0, 8, NoDataOut), 4096).IsRefused(SenseCode.InvalidFieldInCommandInformationUnit);
    }

    [Fact]
    public void Write_same_stays_on_the_medium()
    {
        LogicalUnit unit = Disk.Of(512);
        Same(unit, Disk.Blocks - 1, 1, 0).Is(ScsiOperation.WriteSame, (Disk.Blocks - 1) * 512, 512);
        Same(unit, Disk.Blocks - 1, 2, 0).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
    }

    [Fact]
    public void Deallocation_on_a_read_only_disk_is_refused()
    {
        LogicalUnit unit = Disk.Of(512) with { ReadOnly = true };
        Same(unit, 0, 1, UnmapBit).IsRefused(SenseCode.WriteProtected);
        Same(unit, 0, 1, NoDataOut).IsRefused(SenseCode.WriteProtected);
        unit.Ask(Cdb.Ten(0x42, 0, 24), 24).IsRefused(SenseCode.WriteProtected);
        unit.Ask(Cdb.CompareAndWrite(0, 1), 1024).IsRefused(SenseCode.WriteProtected);
    }

    [Fact]
    public void Unmap_hands_over_its_parameter_list()
    {
        LogicalUnit unit = Disk.Of(512);
        Decoded decoded = unit.Ask(Cdb.Ten(0x42, 0, 40), 40);
        Assert.Equal((ScsiOperation.Unmap, 40), (decoded.Operation, decoded.Command.ParameterLength));

        // A list with room for more descriptors than there may be is cut where nothing has a meaning any more.
        Assert.Equal(UnmapParameterList.MaximumLength, unit.Ask(Cdb.Ten(0x42, 0, 65535), 65535).Command.ParameterLength);
        unit.Ask(Cdb.Ten(0x42, 0, 0), 0).IsGood();
        for (ushort length = 1; length < 8; length++)
            unit.Ask(Cdb.Ten(0x42, 0, length), length).IsRefused(SenseCode.ParameterListLengthError, FieldPointer.InCdb(7));
        unit.Ask(Cdb.Ten(0x42, 0, 24), 23).IsRefused(SenseCode.ParameterListLengthError, FieldPointer.InCdb(7));
        unit.Ask(Cdb.Ten(0x42, 0, 24, flags: 1), 24).IsRefusedField(1, 0); // ANCHOR
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Compare_and_write_takes_two_buffers_of_at_most_what_page_B0_claims(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        byte most = BlockLimitsClaim.MaximumCompareAndWrite(unit);
        Assert.True(most >= 1);
        unit.Ask(Cdb.CompareAndWrite(9, 1), 2 * blockSize).Is(ScsiOperation.CompareAndWrite, 9 * blockSize, blockSize);
        unit.Ask(Cdb.CompareAndWrite(9, most), 2 * most * blockSize).Is(ScsiOperation.CompareAndWrite, 9 * blockSize, most * blockSize);
        unit.Ask(Cdb.CompareAndWrite(9, (byte)(most + 1)), 2 * (most + 1) * blockSize).IsRefusedField(13);
        unit.Ask(Cdb.CompareAndWrite(9, 0), 0).IsGood();
        unit.Ask(Cdb.CompareAndWrite(9, 1), blockSize).IsRefused(SenseCode.InvalidFieldInCommandInformationUnit);
        unit.Ask(Cdb.CompareAndWrite(9, 1), 4 * blockSize).IsRefused(SenseCode.InvalidFieldInCommandInformationUnit);
        unit.Ask(Cdb.CompareAndWrite((ulong)Disk.Blocks, 1), 2 * blockSize).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
        Assert.True(unit.Ask(Cdb.CompareAndWrite(9, 1, flags: 0x18), 2 * blockSize).Command.ForceUnitAccess);
        Assert.False(unit.Ask(Cdb.CompareAndWrite(9, 1, flags: 0x10), 2 * blockSize).Command.ForceUnitAccess);
        unit.Ask(Cdb.CompareAndWrite(9, 1, flags: 0x20), 2 * blockSize).IsRefusedField(1, 5);
    }

    [Fact]
    public void Get_lba_status_asks_for_the_rest_of_the_medium()
    {
        LogicalUnit unit = Disk.Of(512);
        Decoded decoded = unit.Ask(Cdb.Sixteen(0x9E, 100, 24, flags: 0x12));
        decoded.Is(ScsiOperation.GetLbaStatus, 51200, unit.Size - 51200);
        Assert.Equal(24, decoded.Command.ParameterLength);
        Assert.Equal(20, unit.Ask(Cdb.Sixteen(0x9E, 100, 24, flags: 0x12), dataLength: 20).Command.ParameterLength);
        unit.Ask(Cdb.Sixteen(0x9E, 100, 0, flags: 0x12)).IsGood();
        unit.Ask(Cdb.Sixteen(0x9E, (ulong)Disk.Blocks, 24, flags: 0x12)).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
        unit.Ask(Cdb.Sixteen(0x9E, ulong.MaxValue, 24, flags: 0x12)).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
    }

    private static Decoded Same(LogicalUnit unit, long address, uint blocks, byte flags) =>
        unit.Ask(Cdb.Sixteen(0x93, (ulong)address, blocks, flags), (flags & NoDataOut) != 0 ? 0 : unit.BlockSize);
}

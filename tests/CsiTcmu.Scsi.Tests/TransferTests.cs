namespace CsiTcmu.Scsi.Tests;

public class TransferTests
{
    private const byte ForceUnitAccess = 0x08;
    private const byte DisablePageOut = 0x10;
    private const byte ByteCheck = 0x02;

    public static TheoryData<int, byte, ScsiOperation> DataCommands()
    {
        var data = new TheoryData<int, byte, ScsiOperation>();
        foreach (int blockSize in new[] { 512, 4096 })
        {
            foreach (byte read in new byte[] { 0x28, 0xA8, 0x88 })
                data.Add(blockSize, read, ScsiOperation.Read);
            foreach (byte write in new byte[] { 0x2A, 0xAA, 0x8A, 0x2E, 0xAE, 0x8E })
                data.Add(blockSize, write, ScsiOperation.Write);
            foreach (byte verify in new byte[] { 0x2F, 0xAF, 0x8F })
                data.Add(blockSize, verify, ScsiOperation.Compare);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void A_transfer_is_a_range_of_bytes(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        unit.Ask(Of(code, 0, 1, operation), blockSize).Is(operation, 0, blockSize);
        unit.Ask(Of(code, 12345, 7, operation), 7 * blockSize).Is(operation, 12345L * blockSize, 7 * blockSize);
        unit.Ask(Of(code, Disk.Blocks - 1, 1, operation), blockSize).Is(operation, (Disk.Blocks - 1) * blockSize, blockSize);
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void A_range_beyond_the_end_is_refused(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        (long, uint)[] ranges = [(Disk.Blocks, 1), (Disk.Blocks - 1, 2), (Disk.Blocks + 1, 0), (uint.MaxValue, 1), (uint.MaxValue, 0), (0x8000_0000, 0)];
        foreach ((long address, uint blocks) in ranges)
            unit.Ask(Of(code, address, blocks, operation), blocks * blockSize).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));

        if (code >> 5 == 4)
        {
            foreach (ulong address in new[] { ulong.MaxValue, 1UL << 63, (1UL << 63) - 1, 1UL << 55, 1UL << 52 })
                unit.Ask(Cdb.Sixteen(code, address, 1, Flags(operation)), blockSize).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
        }
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void No_blocks_are_no_error_up_to_the_end(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        unit.Ask(Of(code, 0, 0, operation), 0).IsGood();
        unit.Ask(Of(code, Disk.Blocks, 0, operation), 0).IsGood();
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void The_longest_transfer_is_the_one_that_page_B0_claims(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize) with { MaxTransferLength = 256 * 1024 };
        uint most = BlockLimitsClaim.MaximumTransfer(unit);
        Assert.Equal(256 * 1024 / blockSize, (int)most);
        unit.Ask(Of(code, 3, most, operation), most * blockSize).Is(operation, 3 * blockSize, 256 * 1024);
        int field = (code >> 5) switch { 4 => 10, 5 => 6, _ => 7 };
        unit.Ask(Of(code, 3, most + 1, operation), (most + 1) * blockSize).IsRefusedField(field);
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void A_data_buffer_that_is_too_short_is_refused(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        byte[] cdb = Of(code, 0, 8, operation);
        foreach (long length in new[] { 0, 1, 8 * blockSize - 1, -1, long.MinValue })
            unit.Ask(cdb, length).IsRefused(SenseCode.InvalidFieldInCommandInformationUnit);

        Decoded longer = unit.Ask(cdb, 8 * blockSize + 1);
        if (operation == ScsiOperation.Read)
            longer.Is(ScsiOperation.Read, 0, 8 * blockSize);
        else
            longer.IsRefused(SenseCode.InvalidFieldInCommandInformationUnit);
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void Writes_to_a_read_only_disk_are_refused(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize) with { ReadOnly = true };
        foreach (uint blocks in new uint[] { 0, 1 })
        {
            Decoded decoded = unit.Ask(Of(code, 0, blocks, operation), blocks * blockSize);
            if (operation == ScsiOperation.Write)
                decoded.IsRefused(SenseCode.WriteProtected);
            else
                Assert.Equal(ScsiStatus.Good, decoded.Command.Status);
        }
    }

    [Theory]
    [MemberData(nameof(DataCommands))]
    public void Protection_information_groups_and_NACA_are_refused(int blockSize, byte code, ScsiOperation operation)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        for (int protect = 1; protect < 8; protect++)
        {
            byte[] cdb = Of(code, 0, 1, operation);
            cdb[1] |= (byte)(protect << 5);
            unit.Ask(cdb, blockSize).IsRefusedField(1, protect >= 4 ? 7 : protect >= 2 ? 6 : 5);
        }

        byte[] naca = Of(code, 0, 1, operation);
        naca[^1] = 0x04;
        unit.Ask(naca, blockSize).IsRefusedField(naca.Length - 1, 2);

        byte[] grouped = Of(code, 0, 1, operation);
        int group = (code >> 5) switch { 4 => 14, 5 => 10, _ => 6 };
        grouped[group] = 0x1F;
        unit.Ask(grouped, blockSize).IsRefusedField(group, 4);
    }

    [Theory]
    [InlineData(0x28)]
    [InlineData(0xA8)]
    [InlineData(0x88)]
    [InlineData(0x2A)]
    [InlineData(0xAA)]
    [InlineData(0x8A)]
    public void Forced_unit_access_is_passed_on(byte code)
    {
        LogicalUnit unit = Disk.Of(512);
        Assert.False(unit.Ask(WithFlags(code, 0, 1, 0), 512).Command.ForceUnitAccess);
        Assert.True(unit.Ask(WithFlags(code, 0, 1, ForceUnitAccess), 512).Command.ForceUnitAccess);
        Assert.False(unit.Ask(WithFlags(code, 0, 1, DisablePageOut), 512).Command.ForceUnitAccess);
        Assert.True(unit.Ask(WithFlags(code, 0, 1, ForceUnitAccess | DisablePageOut), 512).Command.ForceUnitAccess);

        // FUA_NV, which is obsolete.
        unit.Ask(WithFlags(code, 0, 1, 0x02), 512).IsRefusedField(1, 1);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Six_bytes_hold_21_bits_of_address_and_a_length_of_1_to_256(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize, blocks: 0x20_0000);
        unit.Ask(Cdb.Six(0x08, 0x1F_FFFF, 1), blockSize).Is(ScsiOperation.Read, 0x1F_FFFFL * blockSize, blockSize);
        unit.Ask(Cdb.Six(0x0A, 0x12345, 255), 255 * blockSize).Is(ScsiOperation.Write, 0x12345L * blockSize, 255 * blockSize);
        unit.Ask(Cdb.Six(0x08, 5, 0), 256 * blockSize).Is(ScsiOperation.Read, 5 * blockSize, 256 * blockSize);
        unit.Ask(Cdb.Six(0x0A, 5, 0), 256 * blockSize).Is(ScsiOperation.Write, 5 * blockSize, 256 * blockSize);

        // Bit 3 of byte 1 is part of the address, not FUA.
        Decoded high = unit.Ask(Cdb.Six(0x0A, 0x08_0000, 1), blockSize);
        high.Is(ScsiOperation.Write, 0x08_0000L * blockSize, blockSize);
        Assert.False(high.Command.ForceUnitAccess);

        unit.Ask(Cdb.Six(0x08, 0x1F_FFFF, 2), 2 * blockSize).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(1));
        unit.Ask(Cdb.Six(0x08, 0x20_0000, 1), blockSize).IsRefusedField(1, 5);
    }

    [Theory]
    [InlineData(0x2F)]
    [InlineData(0xAF)]
    [InlineData(0x8F)]
    public void Verify_without_byte_check_transfers_nothing(byte code)
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask(WithFlags(code, 0, 9, 0), 0).IsGood();
        unit.Ask(WithFlags(code, Disk.Blocks, 1, 0), 0).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
    }

    [Theory]
    [InlineData(0x2F)]
    [InlineData(0xAF)]
    [InlineData(0x8F)]
    [InlineData(0x2E)]
    [InlineData(0xAE)]
    [InlineData(0x8E)]
    public void Byte_check_2_is_reserved_and_3_is_not_supported(byte code)
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask(WithFlags(code, 0, 1, 0x04), 512).IsRefusedField(1, 2);
        unit.Ask(WithFlags(code, 0, 1, 0x06), 512).IsRefusedField(1, 2);
    }

    [Theory]
    [InlineData(0x2E)]
    [InlineData(0xAE)]
    [InlineData(0x8E)]
    public void Write_and_verify_reaches_the_medium_and_is_compared_when_asked(byte code)
    {
        LogicalUnit unit = Disk.Of(512);
        ScsiCommand plain = unit.Ask(WithFlags(code, 1, 1, 0), 512).Command;
        Assert.Equal((ScsiOperation.Write, true, false), (plain.Operation, plain.ForceUnitAccess, plain.CompareAfterWrite));
        ScsiCommand compared = unit.Ask(WithFlags(code, 1, 1, ByteCheck), 512).Command;
        Assert.Equal((ScsiOperation.Write, true, true), (compared.Operation, compared.ForceUnitAccess, compared.CompareAfterWrite));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Synchronize_cache_is_a_flush(int blockSize)
    {
        LogicalUnit unit = Disk.Of(blockSize);
        foreach (byte immediate in new byte[] { 0, 2 })
        {
            unit.Ask(Cdb.Ten(0x35, 7, 3, immediate), 0).Is(ScsiOperation.Flush, 7 * blockSize, 3 * blockSize);
            unit.Ask(Cdb.Sixteen(0x91, 7, 3, immediate), 0).Is(ScsiOperation.Flush, 7 * blockSize, 3 * blockSize);
            unit.Ask(Cdb.Ten(0x35, 7, 0, immediate), 0).Is(ScsiOperation.Flush, 7 * blockSize, (Disk.Blocks - 7) * blockSize);
            unit.Ask(Cdb.Sixteen(0x91, 0, 0, immediate), 0).Is(ScsiOperation.Flush, 0, unit.Size);
            unit.Ask(Cdb.Sixteen(0x91, 0, uint.MaxValue, immediate), 0).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
            unit.Ask(Cdb.Ten(0x35, (uint)Disk.Blocks, 1, immediate), 0).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
        }
    }

    [Fact]
    public void The_largest_disk_has_no_overflow()
    {
        LogicalUnit unit = Disk.Of(4096, blocks: long.MaxValue >> 12);
        ulong last = (ulong)(unit.BlockCount - 1);
        unit.Ask(Cdb.Sixteen(0x88, last, 1), 4096).Is(ScsiOperation.Read, (long)last * 4096, 4096);
        Assert.True(unit.Size > 0);
        unit.Ask(Cdb.Sixteen(0x88, last, 2), 8192).IsRefused(SenseCode.LogicalBlockAddressOutOfRange, FieldPointer.InCdb(2));
        unit.Ask(Cdb.Sixteen(0x88, 0, uint.MaxValue), long.MaxValue).IsRefusedField(10);
    }

    private static byte Flags(ScsiOperation operation) => operation == ScsiOperation.Compare ? ByteCheck : (byte)0;

    private static byte[] Of(byte code, long address, uint blocks, ScsiOperation operation) => WithFlags(code, address, blocks, Flags(operation));

    private static byte[] WithFlags(byte code, long address, uint blocks, byte flags) => (code >> 5) switch
    {
        4 => Cdb.Sixteen(code, (ulong)address, blocks, flags),
        5 => Cdb.Twelve(code, (uint)address, blocks, flags),
        _ => Cdb.Ten(code, (uint)address, (ushort)blocks, flags),
    };
}

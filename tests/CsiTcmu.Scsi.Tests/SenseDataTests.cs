namespace CsiTcmu.Scsi.Tests;

/// <summary>Sense data worked out by hand from SPC-4 4.5.</summary>
public class SenseDataTests
{
    [Fact]
    public void Fixed_format_without_more() =>
        Is("70 00 05 00000000 0A 00000000 20 00 00 000000", SenseCode.InvalidOperationCode);

    [Fact]
    public void Information_makes_the_valid_bit() =>
        Is("F0 00 03 00012345 0A 00000000 11 00 00 000000", SenseCode.UnrecoveredReadError, 0x12345);

    [Fact]
    public void Information_may_be_zero() =>
        Is("F0 00 0E 00000000 0A 00000000 1D 00 00 000000", SenseCode.Miscompare, 0);

    [Fact]
    public void A_field_pointer_names_byte_and_bit()
    {
        Is("70 00 05 00000000 0A 00000000 24 00 00 CC0001", SenseCode.InvalidFieldInCdb, field: FieldPointer.InCdb(1, 4));
        Is("70 00 05 00000000 0A 00000000 24 00 00 C00002", SenseCode.InvalidFieldInCdb, field: FieldPointer.InCdb(2));
        Is("70 00 05 00000000 0A 00000000 26 00 00 800110", SenseCode.InvalidFieldInParameterList, field: FieldPointer.InParameterList(0x110));
        Is("70 00 05 00000000 0A 00000000 26 00 00 880000", SenseCode.InvalidFieldInParameterList, field: FieldPointer.InParameterList(0, 0));
    }

    [Fact]
    public void Information_of_more_than_32_bits_takes_the_descriptor_format()
    {
        Is("F0 00 03 FFFFFFFF 0A 00000000 0C 00 00 000000", SenseCode.WriteError, uint.MaxValue);
        Is("72 03 0C 00 000000 0C  00 0A 80 00 0000000100000000", SenseCode.WriteError, 1UL << 32);
        Is(
            "72 05 21 00 000000 14  00 0A 80 00 FFFFFFFFFFFFFFFF  02 06 00 00 C00002 00",
            SenseCode.LogicalBlockAddressOutOfRange,
            ulong.MaxValue,
            FieldPointer.InCdb(2));
    }

    [Fact]
    public void A_refused_command_says_what_it_was_refused_for()
    {
        byte[] sense = new byte[18];
        Decoded decoded = Disk.Of(512).Ask(Cdb.Ten(0x28, 0, 1, flags: 0x20), 512);
        Assert.Equal(18, SenseData.Write(sense, decoded.Command));
        Assert.Equal(Disk.Hex("70 00 05 00000000 0A 00000000 24 00 00 CD0001"), sense);
    }

    [Fact]
    public void A_field_pointer_can_be_read_back()
    {
        FieldPointer field = FieldPointer.InCdb(7, 3);
        Assert.Equal((true, true, 7, 3), (field.IsValid, field.IsInCommand, field.Index, field.Bit));
        FieldPointer list = FieldPointer.InParameterList(9);
        Assert.Equal((true, false, 9, -1), (list.IsValid, list.IsInCommand, list.Index, list.Bit));
        Assert.False(default(FieldPointer).IsValid);
    }

    [Fact]
    public void Any_buffer_is_cleared_to_its_end_and_not_overrun()
    {
        for (int length = 0; length <= 96; length++)
        {
            byte[] sense = new byte[length];
            Array.Fill(sense, (byte)0xA5);
            Assert.Equal(Math.Min(length, 28), SenseData.Write(sense, SenseCode.WriteError, ulong.MaxValue, FieldPointer.InCdb(1)));
            Assert.DoesNotContain((byte)0xA5, sense);
        }
    }

    [Fact]
    public void A_code_reads_as_three_numbers() => Assert.Equal("07/27/07", SenseCode.SpaceAllocationFailed.ToString());

    private static void Is(string expected, SenseCode code, ulong? information = null, FieldPointer field = default)
    {
        byte[] sense = new byte[96];
        Array.Fill(sense, (byte)0xA5);
        int length = SenseData.Write(sense, code, information, field);
        Assert.Equal(Convert.ToHexString(Disk.Hex(expected)), Convert.ToHexString(sense.AsSpan(0, length)));
        Assert.True(sense.AsSpan(length).IndexOfAnyExcept((byte)0) < 0);
    }
}

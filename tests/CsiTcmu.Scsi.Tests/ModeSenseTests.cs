namespace CsiTcmu.Scsi.Tests;

public class ModeSenseTests
{
    private const byte DisableBlockDescriptors = 0x08;
    private const byte LongBlockAddressAccepted = 0x10;
    private const byte Changeable = 0x40;
    private const byte Default = 0x80;
    private const byte Saved = 0xC0;

    private const string Recovery = "01 0A 00 00 00 00 00 00 00 00 00 00";
    private const string Caching = "08 12 04 00 0000 0000 0000 0000 20 00 00 00 000000 00";
    private const string Control = "0A 0A 02 10 00 40 0000 FFFF 0000";
    private const string Exceptions = "1C 0A 08 00 00000000 00000000";

    [Fact]
    public void All_pages_in_six_bytes() => Disk.Of(512).Ask(Cdb.ModeSense6(0x3F)).IsGood($"""
        43 00 10 08
        000F4243 00 000200
        {Recovery} {Caching} {Control} {Exceptions}
        """);

    [Fact]
    public void All_pages_in_ten_bytes() => Disk.Of(4096).Ask(Cdb.ModeSense10(0x3F, flags: LongBlockAddressAccepted)).IsGood($"""
        004E 00 10 01 00 0010
        00000000000F4243 00000000 00001000
        {Recovery} {Caching} {Control} {Exceptions}
        """);

    [Theory]
    [InlineData(0x01, Recovery)]
    [InlineData(0x08, Caching)]
    [InlineData(0x0A, Control)]
    [InlineData(0x1C, Exceptions)]
    public void One_page(byte page, string expected)
    {
        LogicalUnit unit = Disk.Of(512);
        int length = Disk.Hex(expected).Length;
        unit.Ask(Cdb.ModeSense6(page, flags: DisableBlockDescriptors)).IsGood($"{length + 3:X2} 00 10 00 {expected}");
        unit.Ask(Cdb.ModeSense10(page, flags: DisableBlockDescriptors)).IsGood($"{length + 6:X4} 00 10 00 00 0000 {expected}");
        unit.Ask(Cdb.ModeSense10(page, flags: DisableBlockDescriptors | LongBlockAddressAccepted)).IsGood($"{length + 6:X4} 00 10 00 00 0000 {expected}");
        unit.Ask(Cdb.ModeSense10(page)).IsGood($"{length + 14:X4} 00 10 00 00 0008 000F4243 00 000200 {expected}");
    }

    [Fact]
    public void Defaults_are_the_values_and_nothing_can_be_changed_or_saved()
    {
        LogicalUnit unit = Disk.Of(512);
        byte[] current = unit.Ask(Cdb.ModeSense6(0x3F)).Reply;
        Assert.Equal(current, unit.Ask(Cdb.ModeSense6(0x3F | Default)).Reply);
        unit.Ask(Cdb.ModeSense6(0x08 | Changeable, flags: DisableBlockDescriptors)).IsGood("17 00 10 00 08 12" + new string('0', 36));
        unit.Ask(Cdb.ModeSense6(0x0A | Changeable, flags: DisableBlockDescriptors)).IsGood("0F 00 10 00 0A 0A" + new string('0', 20));
        Assert.Equal(current.Length, unit.Ask(Cdb.ModeSense6(0x3F | Changeable)).Reply.Length);
        unit.Ask(Cdb.ModeSense6(0x3F | Saved)).IsRefused(SenseCode.SavingParametersNotSupported, FieldPointer.InCdb(2, 7));
        unit.Ask(Cdb.ModeSense10(0x08 | Saved)).IsRefused(SenseCode.SavingParametersNotSupported, FieldPointer.InCdb(2, 7));
        unit.Ask([0x15, 0x10, 0, 0, 0, 0], 0).IsRefused(SenseCode.InvalidOperationCode, FieldPointer.InCdb(0));
        unit.Ask([0x55, 0x10, 0, 0, 0, 0, 0, 0, 0, 0], 0).IsRefused(SenseCode.InvalidOperationCode, FieldPointer.InCdb(0));
    }

    [Fact]
    public void Other_pages_and_subpages_are_refused()
    {
        LogicalUnit unit = Disk.Of(512);
        for (byte page = 0; page < 0x40; page++)
        {
            bool exists = page is 0x01 or 0x08 or 0x0A or 0x1C or 0x3F;
            for (int subpage = 0; subpage < 256; subpage++)
            {
                Decoded six = unit.Ask(Cdb.ModeSense6(page, subpage: (byte)subpage));
                Decoded ten = unit.Ask(Cdb.ModeSense10(page, subpage: (byte)subpage));
                if (subpage is not (0 or 255))
                {
                    six.IsRefusedField(3);
                    ten.IsRefusedField(3);
                }
                else if (!exists)
                {
                    six.IsRefusedField(2, 5);
                    ten.IsRefusedField(2, 5);
                }
                else
                {
                    six.IsGood();
                    ten.IsGood();
                    Assert.Equal(unit.Ask(Cdb.ModeSense6(page)).Reply, six.Reply);
                }
            }
        }
    }

    [Fact]
    public void The_write_cache_and_write_protection_are_told_truly()
    {
        LogicalUnit through = Disk.Of(512) with { WriteCache = false, ReadOnly = true };
        byte[] data = through.Ask(Cdb.ModeSense6(0x08, flags: DisableBlockDescriptors)).Reply;
        Assert.Equal(0x90, data[2]);
        Assert.Equal(0x00, data[6]);
        Assert.Equal(0x90, through.Ask(Cdb.ModeSense10(0x3F)).Reply[3]);
    }

    [Fact]
    public void The_number_of_blocks_saturates_where_it_has_32_bits()
    {
        LogicalUnit unit = Disk.Of(512, blocks: 1L << 32);
        Assert.Equal("FFFFFFFF00000200", Convert.ToHexString(unit.Ask(Cdb.ModeSense6(0x08)).Reply.AsSpan(4, 8)));
        Assert.Equal("0000000100000000", Convert.ToHexString(unit.Ask(Cdb.ModeSense10(0x08, flags: LongBlockAddressAccepted)).Reply.AsSpan(8, 8)));
    }

    [Fact]
    public void The_allocation_length_cuts_but_the_lengths_inside_stay()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask(Cdb.ModeSense6(0x3F, allocationLength: 4)).IsGood("43 00 10 08");
        unit.Ask(Cdb.ModeSense6(0x3F, allocationLength: 0)).IsGood("");
        unit.Ask(Cdb.ModeSense10(0x3F, allocationLength: 8)).IsGood("0046 00 10 00 00 0008");
    }
}

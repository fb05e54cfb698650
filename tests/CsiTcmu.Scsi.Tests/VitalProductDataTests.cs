namespace CsiTcmu.Scsi.Tests;

/// <summary>Pages worked out by hand from the layouts in SPC-4 7.8 and SBC-3 6.6.</summary>
public class VitalProductDataTests
{
    [Fact]
    public void Page_00_lists_the_pages_and_each_of_them_exists()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask(Cdb.Inquiry(255, 0x00)).IsGood("00 00 0006  00 80 83 B0 B1 B2");
        byte[] listed = unit.Ask(Cdb.Inquiry(255, 0x00)).Reply[4..];
        for (int page = 0; page < 256; page++)
        {
            Decoded decoded = unit.Ask(Cdb.Inquiry(255, page));
            if (!listed.Contains((byte)page))
            {
                decoded.IsRefusedField(2);
                continue;
            }

            decoded.IsGood();
            Assert.Equal((0, page, decoded.Reply.Length - 4), (decoded.Reply[0], decoded.Reply[1], decoded.Reply[2] << 8 | decoded.Reply[3]));
        }
    }

    [Fact]
    public void Page_80_is_the_serial_number() =>
        Disk.Of(512).Ask(Cdb.Inquiry(255, 0x80)).IsGood("00 80 0010  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66");

    [Fact]
    public void Page_83_names_the_disk() => Disk.Of(512).Ask(Cdb.Inquiry(255, 0x83)).IsGood("""
        00 83 0030
        01 03 00 10  6001405A 11223344 55667788 99AABBCC
        02 01 00 18  43 53 49 2D 54 43 4D 55  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66
        """);

    [Fact]
    public void A_long_serial_number_fits()
    {
        LogicalUnit unit = Disk.Of(512) with { SerialNumber = new string('x', LogicalUnit.MaximumSerialNumberLength) };
        Assert.Equal(4 + 128, unit.Ask(Cdb.Inquiry(4096, 0x80)).Reply.Length);
        Assert.Equal(4 + 20 + 4 + 8 + 128, unit.Ask(Cdb.Inquiry(4096, 0x83)).Reply.Length);
    }

    [Fact]
    public void Page_B0_for_512_bytes() => Disk.Of(512).Ask(Cdb.Inquiry(255, 0xB0)).IsGood("""
        00 B0 003C
        01        WSNZ
        08        maximum compare and write length: 4096 bytes
        0008      optimal transfer length granularity: 4096 bytes
        00000800  maximum transfer length: 1 MiB
        00000800  optimal transfer length
        00000000  maximum prefetch length
        00100000  maximum unmap LBA count: 512 MiB
        00000020  maximum unmap block descriptor count: 32
        00000008  optimal unmap granularity: 4096 bytes
        80000000  UGAVALID, alignment 0
        0000000000008000  maximum write same length: 16 MiB
        0000000000000000 0000000000000000 00000000  atomic: none
        """.WithoutNotes());

    [Fact]
    public void Page_B0_for_4096_bytes() => Disk.Of(4096).Ask(Cdb.Inquiry(255, 0xB0)).IsGood("""
        00 B0 003C
        01 01 0001
        00000100 00000100 00000000
        00020000 00000020
        00000001 80000000
        0000000000001000
        0000000000000000 0000000000000000 00000000
        """);

    [Fact]
    public void Page_B1_is_that_of_a_disk_that_does_not_rotate() =>
        Disk.Of(512).Ask(Cdb.Inquiry(255, 0xB1)).IsGood("00 B1 003C 0001" + new string('0', 2 * 58));

    [Fact]
    public void Page_B2_claims_every_way_to_deallocate() =>
        Disk.Of(512).Ask(Cdb.Inquiry(255, 0xB2)).IsGood("00 B2 0004  00 E4 02 00");
}

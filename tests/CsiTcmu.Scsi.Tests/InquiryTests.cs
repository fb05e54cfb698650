namespace CsiTcmu.Scsi.Tests;

public class InquiryTests
{
    [Fact]
    public void Standard_data_is_that_of_an_SPC_4_disk() => Disk.Of(512).Ask(Cdb.Inquiry(255)).IsGood("""
        00 00 06 02 5B 00 00 02
        43 53 49 2D 54 43 4D 55
        63 73 69 2D 74 63 6D 75 20 76 6F 6C 75 6D 65 20
        30 30 30 31
        0000000000000000000000000000000000000000 00 00
        00A0 0460 04C0 0000 0000 0000 0000 0000
        00000000000000000000000000000000000000000000
        """);

    [Fact]
    public void Text_is_filled_with_spaces()
    {
        byte[] data = (Disk.Of(512) with { Product = "disk", Revision = "" }).Ask(Cdb.Inquiry(96)).Reply;
        Assert.Equal("CSI-TCMUdisk                ", System.Text.Encoding.ASCII.GetString(data, 8, 28));
    }

    [Theory]
    [InlineData(-1, 96)]
    [InlineData(0x00, 10)]
    [InlineData(0x83, 52)]
    [InlineData(0xB0, 64)]
    public void Every_allocation_length_gets_the_start_of_the_data(int page, int full)
    {
        LogicalUnit unit = Disk.Of(4096);
        byte[] all = unit.Ask(Cdb.Inquiry(ushort.MaxValue, page)).Reply;
        Assert.Equal(full, all.Length);
        for (ushort length = 0; length < 300; length++)
        {
            Decoded decoded = unit.Ask(Cdb.Inquiry(length, page));
            decoded.IsGood(Convert.ToHexString(all.AsSpan(0, Math.Min((int)length, full))));
            Assert.Equal(decoded.Reply, unit.Ask(Cdb.Inquiry(255, page), dataLength: length).Reply[..Math.Min(255, decoded.Reply.Length)]);
        }
    }

    [Fact]
    public void A_page_code_without_EVPD_is_refused()
    {
        LogicalUnit unit = Disk.Of(512);
        unit.Ask([0x12, 0, 0x80, 0, 255, 0]).IsRefusedField(2);
        unit.Ask([0x12, 2, 0x80, 0, 255, 0]).IsRefusedField(1, 1); // CMDDT
    }
}

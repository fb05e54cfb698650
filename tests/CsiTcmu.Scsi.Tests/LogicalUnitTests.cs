namespace CsiTcmu.Scsi.Tests;

public class LogicalUnitTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(511)]
    [InlineData(1024)]
    [InlineData(8192)]
    public void Block_sizes_are_512_and_4096(int size) =>
        Assert.Contains("512 or 4096", Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Of(512) with { BlockSize = size }).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(-4096)]
    [InlineData(256)]
    [InlineData(5000)]
    [InlineData(1 << 25)]
    public void Physical_block_sizes_are_powers_of_two(int size) =>
        Assert.Contains("power of two", Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Of(512) with { PhysicalBlockSize = size }).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData((long.MaxValue >> 12) + 1)]
    public void The_medium_has_blocks_and_an_end_that_fits(long blocks) =>
        Assert.Contains("number of blocks", Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Of(512) with { BlockCount = blocks }).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(-4096)]
    [InlineData(512)]
    [InlineData(4097)]
    public void Transfers_are_whole_pages(int length) =>
        Assert.Contains("multiple of 4096", Assert.Throws<ArgumentOutOfRangeException>(() => Disk.Of(512) with { MaxTransferLength = length }).Message);

    [Theory]
    [InlineData("")]
    [InlineData("tab\t")]
    [InlineData("ü")]
    [InlineData("nul\0")]
    public void Serial_numbers_are_printable(string serial) =>
        Assert.Contains("SerialNumber", Assert.Throws<ArgumentException>(() => Disk.Of(512) with { SerialNumber = serial }).Message);

    [Fact]
    public void Text_has_its_longest_length()
    {
        Assert.Throws<ArgumentException>(() => Disk.Of(512) with { SerialNumber = new string('a', 129) });
        Assert.Throws<ArgumentException>(() => Disk.Of(512) with { Product = new string('a', 17) });
        Assert.Throws<ArgumentException>(() => Disk.Of(512) with { Revision = "12345" });
    }

    [Theory]
    [InlineData(15, 0x60)]
    [InlineData(17, 0x60)]
    [InlineData(16, 0x50)]
    [InlineData(16, 0x06)]
    [InlineData(0, 0)]
    public void Designators_are_of_NAA_type_6(int length, byte first)
    {
        byte[] designator = new byte[length];
        if (length > 0)
            designator[0] = first;
        Assert.Contains("16 bytes", Assert.Throws<ArgumentException>(() => Disk.Of(512) with { Designator = designator }).Message);
    }
}

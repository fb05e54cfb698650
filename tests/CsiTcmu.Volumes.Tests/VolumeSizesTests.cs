namespace CsiTcmu.Volumes.Tests;

public sealed class VolumeSizesTests
{
    private const long Mi = 1L << 20;
    private const long Gi = 1L << 30;

    [Theory]
    [InlineData(0, 0, Gi)]
    [InlineData(1, 0, 16 * Mi)]
    [InlineData(17 * Mi, 0, 17 * Mi)]
    [InlineData((17 * Mi) + 1, 0, 18 * Mi)]
    [InlineData(100 * Mi, 100 * Mi, 100 * Mi)]
    [InlineData(0, 100 * Mi, 100 * Mi)]
    [InlineData(0, (100 * Mi) + 5, 100 * Mi)]
    [InlineData(0, 5 * Gi, Gi)]
    [InlineData(1, 16 * Mi, 16 * Mi)]
    public void A_size_in_the_range_is_chosen(long required, long limit, long size) =>
        Assert.Equal(size, VolumeSizes.Choose(new SizeRange(required, limit), 16 * Mi, 1L << 40));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(long.MinValue, 0)]
    [InlineData(2, 1)]
    [InlineData(1, Mi)]
    [InlineData(0, Mi)]
    [InlineData((17 * Mi) + 1, (17 * Mi) + 2)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData((1L << 40) + 1, 0)]
    public void A_range_without_a_possible_size_is_out_of_range(long required, long limit) =>
        Assert.Equal(
            VolumeError.OutOfRange,
            Assert.Throws<VolumeException>(() => VolumeSizes.Choose(new SizeRange(required, limit), 16 * Mi, 1L << 40)).Error);

    [Fact]
    public void The_default_shrinks_to_what_can_be() => Assert.Equal(512 * Mi, VolumeSizes.Choose(default, 16 * Mi, 512 * Mi));

    [Fact]
    public void Xfs_needs_more_than_ext4_and_raw_block_needs_neither()
    {
        Assert.Equal(300 * Mi, VolumeSizes.Minimum("xfs", block: false));
        Assert.Equal(16 * Mi, VolumeSizes.Minimum("xfs", block: true));
        Assert.Equal(16 * Mi, VolumeSizes.Minimum("ext4", block: false));
    }
}

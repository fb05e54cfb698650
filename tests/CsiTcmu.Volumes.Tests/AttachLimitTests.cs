namespace CsiTcmu.Volumes.Tests;

public sealed class AttachLimitTests
{
    private static readonly TcmuDiskOptions Options = new() { DataAreaMegabytes = 32, CommandRingMegabytes = 1 };

    [Theory]
    [InlineData(16L << 30, 1 << 20, 65530, 227, "memory")]
    [InlineData(16L << 30, 1024, 65530, 227, "memory")]
    [InlineData(16L << 30, 900, 65530, 194, "open files")]
    [InlineData(1L << 40, 1 << 20, 65530, 7679, "mappings")]
    [InlineData(1L << 50, long.MaxValue, long.MaxValue, 1 << 20, "device numbers")]
    [InlineData(16L << 20, 1 << 20, 65530, 1, "memory")]
    public void The_narrowest_limit_of_the_kernel_counts(long memory, long files, long maps, int volumes, string reason)
    {
        var limit = AttachLimit.Of(Options, memory, files, maps);
        Assert.Equal(volumes, limit.Volumes);
        Assert.Contains(reason, limit.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void This_machine_has_a_limit() => Assert.InRange(AttachLimit.Read(new TcmuDiskOptions()).Volumes, 1, 1 << 20);
}

using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes.Tests;

public sealed class PromisesTests
{
    private static readonly Promises Empty = new()
    {
        Total = 1000,
        Free = 1000,
        Reserve = 0,
        Promised = 0,
        Allocated = 0,
        Beginning = 0,
        Ratio = 1,
    };

    [Theory]
    [InlineData(1000, 0, 0, 0, 0, 1.0, 1000)]
    [InlineData(1000, 100, 0, 0, 0, 1.0, 900)]
    [InlineData(700, 0, 400, 300, 0, 1.0, 600)]
    [InlineData(700, 0, 400, 300, 50, 1.0, 550)]
    [InlineData(700, 100, 400, 300, 50, 1.0, 450)]
    [InlineData(700, 100, 400, 300, 50, 1.5, 900)]
    [InlineData(1000, 0, 0, 0, 0, 2.5, 2500)]
    [InlineData(501, 0, 0, 0, 0, 1.5, 751)]
    [InlineData(500, 0, 2000, 500, 0, 2.0, 0)]
    [InlineData(300, 0, 2000, 500, 0, 2.0, -400)]
    [InlineData(200, 500, 0, 0, 0, 3.0, -300)]
    public void What_can_be_promised(long free, long reserve, long promised, long allocated, long beginning, double ratio, long available) =>
        Assert.Equal(
            available,
            (Empty with { Free = free, Reserve = reserve, Promised = promised, Allocated = allocated, Beginning = beginning, Ratio = (decimal)ratio }).Available);

    [Theory]
    [InlineData(101, false, 1010)]
    [InlineData(100, true, 100)]
    [InlineData(0, true, 0)]
    public void A_pool_that_is_nearly_full_promises_only_what_is_there(long free, bool nearly, long available)
    {
        var promises = Empty with { Free = free, Ratio = 10 };
        Assert.Equal(nearly, promises.IsNearlyFull);
        Assert.Equal(available, promises.Available);
    }

    [Fact]
    public void Largest_numbers_do_not_overflow()
    {
        var promises = Empty with { Total = long.MaxValue, Free = long.MaxValue, Ratio = 1000 };
        Assert.Equal(long.MaxValue, promises.Available);
        Assert.False(promises.IsNearlyFull);
        Assert.Equal(0, promises.UsedPercent);
        Assert.Equal(long.MinValue, (promises with { Free = 0, Promised = long.MaxValue, Beginning = long.MaxValue, Reserve = long.MaxValue }).Available);
    }

    [Theory]
    [InlineData(500, 1000, 500, true)]
    [InlineData(499, 1000, 500, false)]
    [InlineData(0, 500, 500, true)]
    public void Promises_are_covered_by_what_is_free(long free, long promised, long allocated, bool covered) =>
        Assert.Equal(covered, (Empty with { Free = free, Promised = promised, Allocated = allocated, Ratio = 3 }).AreCovered);
}

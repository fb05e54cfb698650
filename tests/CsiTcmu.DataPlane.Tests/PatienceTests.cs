using System.Diagnostics;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>How long a reactor looks before it sleeps.</summary>
public sealed class PatienceTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromMicroseconds(50);

    [Fact]
    public void Begins_without_and_grows_to_its_bound_by_short_sleeps()
    {
        var patience = new Patience(Longest);
        Assert.Equal(0, patience.Ticks);
        var before = 0L;
        for (var sleep = 0; sleep < 10; sleep++)
        {
            patience.OnSleep(Ticks(10));
            Assert.InRange(patience.Ticks, Math.Min(before + 1, Ticks(50)), Ticks(50));
            before = patience.Ticks;
        }

        Assert.Equal(Ticks(50), patience.Ticks);
    }

    [Fact]
    public void Ends_with_the_first_long_sleep()
    {
        var patience = new Patience(Longest);
        for (var sleep = 0; sleep < 10; sleep++) patience.OnSleep(Ticks(50));
        patience.OnSleep(Ticks(51));
        Assert.Equal(0, patience.Ticks);
    }

    [Fact]
    public void Never_comes_when_its_bound_is_zero()
    {
        var patience = new Patience(TimeSpan.Zero);
        patience.OnSleep(0);
        patience.OnSleep(1);
        Assert.Equal(0, patience.Ticks);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(1, 20)]
    [InlineData(10, 120)]
    [InlineData(50, 600)]
    [InlineData(100_000, 1000)]
    public void Is_bound_by_what_a_wake_up_costs(int wakeUp, int bound) =>
        Assert.Equal(TimeSpan.FromMicroseconds(bound), Patience.Bound(TimeSpan.FromMicroseconds(wakeUp)));

    [Fact]
    public void A_wake_up_costs_something() => Assert.InRange(WakeUp.Cost(), TimeSpan.FromTicks(1), TimeSpan.FromSeconds(1));

    private static long Ticks(int microseconds) => microseconds * (Stopwatch.Frequency / 1_000_000);
}

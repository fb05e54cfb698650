using CsiTcmu.Backstores;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>Limits that change, and disks that are held or stopped while a command waits for tokens.</summary>
public sealed class ChangeTests
{
    private static readonly DiskLimits Slow = new() { Operations = 1 };

    [Theory]
    [InlineData(500, 2000)]
    [InlineData(2000, 500)]
    [InlineData(1, 500)]
    [InlineData(0, 500)]
    public async Task A_change_is_seen_within_a_second(long before, long after)
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = before });
        disk.Depth = 256;
        disk.Refill = d => d.Read(0);
        if (before == 0)
        {
            for (var i = 0; i < 100; i++) simulation.Pass();
        }
        else
        {
            simulation.Run(5.0003);
        }

        await simulation.DoAsync(disk.Served.SetLimitsAsync(new DiskLimits { Operations = after }));
        Assert.Equal(after, disk.Served.Limits.Operations);
        var changed = simulation.Now;
        disk.Store.Records.Clear();
        simulation.Run(changed + 1);
        RateTests.IsNear(after, disk.Store.Records.Count, slack: after * 0.1);
        disk.Store.Records.Clear();
        simulation.Run(changed + 2);
        RateTests.IsNear(after, disk.Store.Records.Count, slack: 1);
    }

    [Fact]
    public async Task A_limit_that_is_lifted_is_lifted_at_once()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(Slow);
        for (var i = 0; i < 100; i++) disk.Read(0);
        simulation.Pass();
        Assert.Single(disk.Store.Records);
        await simulation.DoAsync(disk.Served.SetLimitsAsync(DiskLimits.None));
        simulation.Run();
        Assert.Equal(100, disk.Store.Records.Count);
        Assert.Equal(0, simulation.Now);
        Assert.Equal(1, disk.Served.Counters.Throttled);
    }

    [Fact]
    public async Task A_debt_is_forgiven_by_a_change()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Bandwidth = 1000 });
        disk.Read(0, 2048);
        disk.Read(0);
        simulation.Pass();
        Assert.Equal(1, disk.Served.Counters.Throttled);
        await simulation.DoAsync(disk.Served.SetLimitsAsync(new DiskLimits { Bandwidth = 1_000_000 }));
        simulation.Run();
        Assert.InRange(simulation.Seconds(disk.Store.Records[1].Time), 0.001, 0.1);
    }

    [Fact]
    public async Task Changes_again_and_again_give_nothing_away()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 500 });
        disk.Refill = d => d.Read(0);
        while (simulation.Now < 5)
        {
            simulation.Pass();
            await simulation.DoAsync(disk.Served.SetLimitsAsync(new DiskLimits { Operations = 500, Bandwidth = 1_000_000_000 }));
        }

        RateTests.IsNear(500 * simulation.Now, disk.Store.Records.Count, 1);
    }

    [Fact]
    public async Task Limits_that_cannot_be_change_nothing()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(Slow);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => disk.Served.SetLimitsAsync(new DiskLimits { WriteBandwidth = -1 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => disk.Served.SetLimitsAsync(new DiskLimits { BurstSeconds = 3601 }));
        Assert.Same(Slow, disk.Served.Limits);
    }

    [Fact]
    public async Task A_hold_does_not_wait_for_tokens_and_lets_nothing_go()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(Slow);
        disk.Read(0);
        disk.Write(8);
        simulation.Pass();
        Assert.Equal(1, disk.Served.Counters.Throttled);
        var holding = disk.Served.HoldAsync(CancellationToken.None);
        await simulation.DoAsync(holding);
        simulation.Clock.Advance(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 10; i++) simulation.Pass();
        Assert.Single(disk.Store.Records);
        Assert.True(simulation.Engine.IsIdle);

        await simulation.DoAsync((await holding).DisposeAsync().AsTask());
        simulation.Run();
        Assert.Equal(BackstoreOperation.Write, disk.Store.Records[1].Operation);
        Assert.Equal(2, disk.Store.Records.Count);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_tokens_and_leaves_the_rest_to_the_next_server()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(Slow);
        for (var i = 0; i < 5; i++) disk.Read(8 * i);
        simulation.Pass();
        Assert.Single(disk.Store.Records);
        await simulation.DoAsync(disk.Served.StopAsync());
        disk.Feed();

        // The one that had been taken has gone; three were never taken.
        Assert.Equal([0L, 4096], disk.Store.Records.Select(record => record.Offset));
        Assert.Equal(3, disk.Outstanding);
        Assert.True(disk.Store.IsDisposed);
        Assert.Null(disk.Served.Fault);
        Assert.Equal(0, simulation.Now);
        simulation.Run();
        Assert.True(simulation.Engine.IsIdle);
        await Assert.ThrowsAsync<InvalidOperationException>(() => simulation.DoAsync(disk.Served.SetLimitsAsync(DiskLimits.None)));
    }
}

using CsiTcmu.Backstores;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>Rates over twenty seconds of simulated time, with a queue that never runs empty.</summary>
public sealed class RateTests
{
    private const double Duration = 20;

    public static TheoryData<long, int> OperationRates => new()
    {
        { 1, 0 }, { 7, 0 }, { 33, 0 }, { 500, 0 }, { 500, 3 }, { 500, 40 }, { 2000, 0 }, { 2000, 9 }, { 20_000, 2 },
    };

    [Theory]
    [MemberData(nameof(OperationRates))]
    public void Operations_keep_their_rate_however_late_the_reactor_wakes_up(long rate, int oversleep)
    {
        using var simulation = new Simulation();
        simulation.Engine.Oversleep = TimeSpan.FromMilliseconds(oversleep);
        var disk = simulation.Add(new DiskLimits { Operations = rate });
        disk.Depth = 256;
        disk.Refill = d => d.Read(0);
        simulation.Run(Duration);
        IsNear(rate * simulation.Now, disk.Store.Records.Count, slack: 1);
    }

    [Theory]
    [InlineData(20_000_000, 8, 0)]
    [InlineData(20_000_000, 128, 5)]
    [InlineData(20_000_000, 2048, 0)]
    [InlineData(3_000_000, 2048, 1)]
    public void Bytes_keep_their_rate(long rate, int blocks, int oversleep)
    {
        using var simulation = new Simulation();
        simulation.Engine.Oversleep = TimeSpan.FromMilliseconds(oversleep);
        var disk = simulation.Add(new DiskLimits { Bandwidth = rate });
        disk.Refill = d => d.Write(0, blocks);
        simulation.Run(Duration);
        IsNear(rate * simulation.Now, disk.Store.Records.Sum(record => record.Length), slack: blocks * 512);
    }

    [Fact]
    public void Every_limit_holds_and_the_tightest_decides()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits
        {
            Operations = 1000,
            ReadOperations = 300,
            WriteOperations = 900,
            Bandwidth = 100_000_000,
            ReadBandwidth = 50_000_000,
            WriteBandwidth = 1_000_000,
        });
        disk.Refill = d => d.Read(0);
        simulation.Run(Duration);
        IsNear(300 * Duration, disk.Store.Records.Count, 1);

        disk.Store.Records.Clear();
        disk.Refill = d => d.Write(0);
        simulation.Run(2 * Duration);
        IsNear(1_000_000 * Duration, disk.Store.Records.Where(record => record.Operation == BackstoreOperation.Write).Sum(record => record.Length), 4096);
    }

    [Fact]
    public void Common_limits_count_both_sides_together()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 400, WriteBandwidth = 1_000_000_000 });
        disk.Refill = Alternate;
        simulation.Run(Duration);
        IsNear(400 * Duration, disk.Store.Records.Count, 1);
    }

    [Fact]
    public void A_side_without_a_limit_is_not_slowed()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { WriteOperations = 1, WriteBandwidth = 1 });
        for (var i = 0; i < 1000; i++) disk.Read(i);
        simulation.Run();
        Assert.Equal(1000, disk.Store.Records.Count);
        Assert.Equal(0, simulation.Now);
        Assert.Equal(0, disk.Served.Counters.Throttled);
    }

    [Fact]
    public void The_order_of_the_queue_is_kept()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { ReadOperations = 100, WriteOperations = 10_000 });
        for (var i = 0; i < 600; i++)
        {
            if (i % 2 == 0) disk.Read(8 * i);
            else disk.Write(8 * i);
        }

        simulation.Run();
        Assert.Equal(Enumerable.Range(0, 600).Select(i => i * 4096L), disk.Store.Records.Select(record => record.Offset));

        // The writes go at the pace of the reads before them.
        Assert.InRange(simulation.Now, 2.85, 3.0);
    }

    [Fact]
    public void An_unlimited_neighbour_is_not_slowed()
    {
        using var simulation = new Simulation();
        var slow = simulation.Add(new DiskLimits { Operations = 1 });
        var free = simulation.Add();
        for (var i = 0; i < 3; i++) slow.Read(0);
        for (var i = 0; i < 10_000; i++) free.Read(0);
        simulation.Run();
        Assert.Equal(10_000, free.Store.Records.Count);
        Assert.Equal(0, simulation.Seconds(free.Store.Records[^1].Time));
        Assert.Equal(3, slow.Store.Records.Count);
        Assert.Equal(2, simulation.Seconds(slow.Store.Records[^1].Time), 0.01);
        Assert.Equal(0, free.Served.Counters.Throttled);
    }

    [Fact]
    public void A_busy_neighbour_does_not_keep_tokens_from_being_seen()
    {
        using var simulation = new Simulation();
        var slow = simulation.Add(new DiskLimits { Operations = 500 });
        var busy = simulation.Add();
        slow.Refill = d => d.Read(0);

        // One turn takes a tenth of a millisecond, and there is always another.
        busy.Refill = d =>
        {
            simulation.Clock.Advance(TimeSpan.FromMilliseconds(0.1));
            d.Read(0);
        };
        busy.Depth = 1;
        while (simulation.Now < Duration) simulation.Pass();
        IsNear(500 * Duration, slow.Store.Records.Count, 1);
    }

    internal static void Alternate(SimulatedDisk disk)
    {
        disk.Read(0);
        disk.Write(0);
    }

    internal static void IsNear(double expected, long actual, double slack) =>
        Assert.InRange(actual, (expected * 0.97) - slack, (expected * 1.03) + slack);
}

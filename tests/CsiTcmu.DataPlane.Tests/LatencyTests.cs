using CsiTcmu.DataPlane.Tests.Limits;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>How long commands took, as the counters tell it.</summary>
public sealed class LatencyTests
{
    [Fact]
    public void Commands_of_a_turn_took_until_the_answers_of_all_were_published()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add();
        disk.Store.Takes = TimeSpan.FromMilliseconds(2);
        for (var i = 0; i < 3; i++) disk.Read(i * 8);
        disk.Write(0);
        simulation.Run();

        var counters = disk.Served.Counters;
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0], counters.ReadLatency.Counts);
        Assert.Equal(TimeSpan.FromMilliseconds(3 * 8), counters.ReadLatency.Total);
        Assert.Equal(1, counters.WriteLatency.Counts.Sum());
        Assert.Equal(TimeSpan.FromMilliseconds(8), counters.WriteLatency.Total);
    }

    [Fact]
    public void A_command_of_another_turn_is_measured_from_its_own_turn()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add();
        disk.Store.Takes = TimeSpan.FromMilliseconds(1);
        for (var i = 0; i < 64; i++)
        {
            disk.Read(i * 8);
            simulation.Run();
        }

        // A bound is in the bucket below it.
        Assert.Equal([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0], disk.Served.Counters.ReadLatency.Counts);
        Assert.Equal(TimeSpan.FromMilliseconds(64), disk.Served.Counters.ReadLatency.Total);
    }

    [Fact]
    public void What_waits_for_tokens_takes_that_long_and_what_waits_in_the_ring_does_not_count()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 10 });
        for (var i = 0; i < 4; i++) disk.Read(i * 8);
        simulation.Run();

        // The first has a token; each of the others is taken off the ring when the one before it has gone.
        var latency = disk.Served.Counters.ReadLatency;
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0], latency.Counts);
        Assert.Equal(0.3, latency.Total.TotalSeconds, 0.01);
    }

    [Fact]
    public void Only_what_is_counted_as_read_or_written_is_measured()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add();
        disk.Send(Cdb.Inquiry(96), 96);
        disk.Send(Cdb.SynchronizeCache());
        disk.Read(1L << 40);
        disk.Read(8);
        simulation.Run();
        Assert.Equal(1, disk.Failures);
        Assert.Equal(1, disk.Served.Counters.ReadLatency.Counts.Sum());
        Assert.Equal(0, disk.Served.Counters.WriteLatency.Counts.Sum());
    }

    [Fact]
    public async Task A_slow_store_and_all_of_its_slots_are_measured()
    {
        var store = new AsyncStore(1 << 20, held: true);
        await using var rig = await Rig.StartAsync(store, IoEngineChoice.IoUring);
        const int Commands = 300;
        var reads = Enumerable.Range(0, Commands).Select(i => rig.ReadAsync(i, 1)).ToList();

        // As many as there are slots; the others wait in the ring, which is not counted.
        await GateTests.UntilAsync(() => store.Begun == 256);
        await Task.Delay(60, TestContext.Current.CancellationToken);
        store.Release(Commands);
        await Task.WhenAll(reads);
        await GateTests.UntilAsync(() => rig.Disk.Counters.ReadLatency.Counts.Sum() == Commands);
        var latency = rig.Disk.Counters.ReadLatency;
        Assert.True(latency.Counts.Skip(9).Sum() >= 256, string.Join(' ', latency.Counts));
        Assert.True(latency.Total.TotalSeconds >= 256 * 0.05, $"{latency.Total}");
    }

    [Fact]
    public void Histogram_of_nothing_has_as_many_buckets_as_any_and_another_number_is_refused()
    {
        Assert.Equal(new long[DiskLatency.Bounds.Count + 1], default(DiskLatency).Counts);
        Assert.Throws<ArgumentException>(() => new DiskLatency([1, 2], TimeSpan.Zero));
        Assert.Equal(DiskLatency.Bounds.Order(), DiskLatency.Bounds);
    }
}

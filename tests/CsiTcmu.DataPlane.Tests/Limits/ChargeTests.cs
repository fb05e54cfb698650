using CsiTcmu.Backstores;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>What a command costs, and what becomes of one that costs more than the bucket holds.</summary>
public sealed class ChargeTests
{
    [Fact]
    public void What_moves_no_data_costs_nothing()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 1, Bandwidth = 1 });
        for (var i = 0; i < 100; i++)
        {
            disk.Send(Cdb.SynchronizeCache());
            disk.Send(Cdb.TestUnitReady());
            disk.Send(Cdb.Inquiry(96), 96);
            disk.Send(Cdb.GetLbaStatus(0, 512), 512);
        }

        simulation.Run();
        Assert.Equal(0, disk.Outstanding);
        Assert.Equal(100, disk.Store.Records.Count(record => record.Operation == BackstoreOperation.Flush));
        Assert.Equal(0, simulation.Now);
    }

    [Fact]
    public void A_command_that_is_refused_costs_nothing()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 1 });
        for (var i = 0; i < 100; i++) disk.Read(long.MaxValue / 512);
        simulation.Run();
        Assert.Equal(100, disk.Failures);
        Assert.Equal(0, simulation.Now);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Discards_and_zeroes_are_writes_without_bytes(bool unmap)
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { WriteOperations = 100, Bandwidth = 1 });
        for (var i = 0; i < 210; i++) disk.Send(Cdb.WriteSame(0, 4096, unmap, noDataOut: true));
        simulation.Run();
        Assert.Equal(210, disk.Store.Records.Count);
        Assert.Equal(2, simulation.Seconds(disk.Store.Records[^1].Time), 0.01);
    }

    [Fact]
    public void A_command_larger_than_the_bucket_goes_when_that_is_full_and_leaves_a_debt()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Bandwidth = 1_000_000 });
        disk.Read(0, 2048);
        disk.Read(0, 8);
        disk.Read(0, 2048);
        simulation.Run();
        var times = disk.Store.Records.ConvertAll(record => simulation.Seconds(record.Time));
        Assert.Equal(0, times[0]);
        Assert.Equal((((1 << 20) + 4096) / 1e6) - 0.1, times[1], 0.0011);
        Assert.Equal(((1 << 20) + 4096) / 1e6, times[2], 0.0021);
    }

    [Fact]
    public void What_has_no_bytes_does_not_wait_for_a_debt_of_bytes()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Bandwidth = 1 });
        disk.Write(0);
        disk.Send(Cdb.WriteSame(0, 8, unmap: true, noDataOut: true));
        simulation.Run();
        Assert.Equal(2, disk.Store.Records.Count);
        Assert.Equal(0, simulation.Now);
    }

    [Fact]
    public void A_burst_is_what_an_idle_disk_may_do_at_once()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 100, BurstSeconds = 5 });
        for (var i = 0; i < 700; i++) disk.Read(0);
        simulation.Run();
        Assert.Equal(500, disk.Store.Records.Count(record => simulation.Seconds(record.Time) == 0));
        Assert.Equal(2, simulation.Now, 0.011);

        // The bucket is empty now, and two seconds bring two seconds' worth.
        simulation.Clock.Advance(TimeSpan.FromSeconds(2));
        var before = simulation.Now;
        disk.Store.Records.Clear();
        for (var i = 0; i < 300; i++) disk.Read(0);
        simulation.Run();
        Assert.InRange(disk.Store.Records.Count(record => simulation.Seconds(record.Time) == before), 200, 201);
    }

    [Fact]
    public void A_command_that_runs_alone_is_charged_once()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 100 });
        for (var i = 0; i < 110; i++) disk.Write(1, 1);
        simulation.Run();
        Assert.Equal(1, simulation.Seconds(disk.Store.Records[^1].Time), 0.011);
    }

    [Fact]
    public void Waiting_is_counted()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 10 });
        for (var i = 0; i < 11; i++) disk.Read(0);
        simulation.Run();
        Assert.Equal(10, disk.Served.Counters.Throttled);
        Assert.Equal(1, disk.Served.Counters.ThrottledTime.TotalSeconds, 0.011);
        Assert.Equal(11, disk.Served.Counters.Reads);
    }

    [Fact]
    public void A_limited_disk_without_commands_lets_the_reactor_sleep()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add(new DiskLimits { Operations = 10 });
        disk.Read(0);
        disk.Read(0);
        simulation.Run();
        Assert.True(simulation.Engine.IsIdle);
        Assert.Equal(2, disk.Store.Records.Count);
    }
}

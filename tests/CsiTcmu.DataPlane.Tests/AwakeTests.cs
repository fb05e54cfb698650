using CsiTcmu.DataPlane.Tests.Limits;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>A device is watched only while the reactor sleeps.</summary>
public sealed class AwakeTests
{
    [Fact]
    public void A_stream_of_commands_is_served_without_a_watch()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add();
        for (var i = 0; i < 10_000; i++) disk.Read(i * 8);
        for (var pass = 0; pass < 100; pass++) simulation.Pass();
        Assert.Equal(0, simulation.Engine.Watches);
        simulation.Run();
        Assert.Equal(10_000, disk.Store.Records.Count);
        Assert.InRange(simulation.Engine.Watches, 1, 2);
    }

    [Fact]
    public void An_event_makes_the_disk_awake_and_rest_watches_it_again()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add();
        simulation.Run();
        for (var round = 1; round <= 50; round++)
        {
            disk.Read(round * 8);
            simulation.Run();
            Assert.Equal(round, disk.Store.Records.Count);
            Assert.Equal(1 + round, simulation.Engine.Watches);
        }
    }

    [Fact]
    public async Task A_post_whose_wake_ends_a_look_is_not_slept_over()
    {
        using var simulation = new Simulation();
        var disk = simulation.Add();
        simulation.Run();
        disk.Read(8);
        simulation.Pass();
        Task? posted = null;
        simulation.Engine.BeforeLook = () => posted = disk.Served.SetLimitsAsync(DiskLimits.None);
        simulation.Pass();
        Assert.NotNull(posted);
        Assert.False(simulation.Engine.IsIdle);
        simulation.Pass();
        await posted.WaitAsync(Rig.Patience);
    }

    [Fact]
    public void A_disk_that_is_awake_is_looked_at_while_another_keeps_the_reactor_busy()
    {
        using var simulation = new Simulation();
        var noisy = simulation.Add();
        var quiet = simulation.Add();
        noisy.Depth = 256;
        noisy.Refill = disk => disk.Read(0);
        for (var pass = 0; pass < 10; pass++) simulation.Pass();
        for (var round = 1; round <= 50; round++)
        {
            quiet.Read(round * 8);
            simulation.Pass();
            simulation.Pass();
            Assert.Equal(round, quiet.Store.Records.Count);
        }

        Assert.Equal(0, simulation.Engine.Watches);
    }
}

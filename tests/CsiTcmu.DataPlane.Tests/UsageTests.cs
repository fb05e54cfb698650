using CsiTcmu.Backstores;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>What reactors tell of themselves.</summary>
public sealed class UsageTests
{
    private const int Size = 1 << 20;

    [Fact]
    public async Task Reactors_tell_their_disks_their_processor_time_and_their_sleeps()
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 2 });
        await using var busy = await Rig.StartAsync(pool, new NullBackstore(Size));
        var idle = pool.Reactors[1];
        for (var i = 0; i < 5_000; i++) await busy.ReadAsync(0, 8);

        var reactors = pool.Reactors;
        Assert.Equal([(0, 1), (1, 0)], reactors.Select(reactor => (reactor.Number, reactor.Disks)));
        Assert.True(reactors[0].ProcessorTime > TimeSpan.FromMilliseconds(5), $"5000 commands took {reactors[0].ProcessorTime}");
        Assert.True(reactors[0].Sleeps > 0);
        Assert.InRange(reactors[1].ProcessorTime, idle.ProcessorTime, idle.ProcessorTime + TimeSpan.FromMilliseconds(5));
        Assert.InRange(reactors[1].Sleeps, 1, 10);
    }

    [Fact]
    public async Task Reactors_that_have_ended_have_no_processor_time()
    {
        var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1 });
        await pool.DisposeAsync();
        Assert.Equal(TimeSpan.Zero, pool.Reactors[0].ProcessorTime);
    }
}

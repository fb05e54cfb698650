using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>Limits on a reactor with its thread, an engine and the true clock.</summary>
public sealed class LiveTests
{
    private const int Size = 1 << 20;

    /// <summary>The second command would wait for an hour.</summary>
    private static readonly DiskLimits Shut = new() { ReadBandwidth = 1 };

    public static TheoryData<IoEngineChoice> Engines => Rig.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Commands_come_through_at_a_limit(IoEngineChoice engine)
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size), engine, limits: new DiskLimits { Operations = 1000 });
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => rig.ReadAsync(i, 1)));
        Assert.True(rig.Disk.Counters.Throttled > 0);
        Assert.True(rig.Disk.Counters.ThrottledTime > TimeSpan.Zero);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_change_frees_a_command_that_waits(IoEngineChoice engine)
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size), engine, limits: Shut);
        await rig.ReadAsync(0, 8);
        var waiting = rig.ReadAsync(0, 8);
        await GateTests.UntilAsync(() => rig.Disk.Counters.Throttled == 1);
        Assert.False(waiting.IsCompleted);
        await rig.Disk.SetLimitsAsync(DiskLimits.None);
        await waiting;
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_disk_whose_command_waits_can_be_stopped(IoEngineChoice engine)
    {
        var rig = await Rig.StartAsync(new MemoryBackstore(Size), engine, limits: Shut);
        await rig.ReadAsync(0, 8);
        var waiting = rig.ReadAsync(0, 8);
        await GateTests.UntilAsync(() => rig.Disk.Counters.Throttled == 1);
        await rig.Disk.StopAsync().WaitAsync(Rig.Patience);
        await waiting;
        await rig.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_device_that_is_taken_away_is_a_fault_while_a_command_waits(IoEngineChoice engine)
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, Engine = engine });
        await using var other = await Rig.StartAsync(pool, new MemoryBackstore(Size));
        using var device = new ModelDevice();
        var store = new AsyncStore(Size);
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), store, Shut);
        Rig.Good(await device.SubmitAsync(Cdb.Read(0, 8), 4096));
        _ = device.SubmitAsync(Cdb.Read(0, 8), 4096);
        await GateTests.UntilAsync(() => disk.Counters.Throttled == 1);
        device.Remove();
        await disk.Faulted.WaitAsync(Rig.Patience);
        Assert.Equal(1, store.Begun);
        Assert.True(store.IsDisposed);
        await other.WriteAsync(0, new byte[512]);
    }

    [Fact]
    public async Task Growth_does_not_wait_for_tokens()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size), limits: Shut);
        await rig.ReadAsync(0, 8);
        _ = rig.ReadAsync(0, 8);
        await GateTests.UntilAsync(() => rig.Disk.Counters.Throttled == 1);
        await rig.Disk.GrowAsync(2 * Size).WaitAsync(Rig.Patience);
        Assert.Equal(2 * Size / 512, rig.Disk.Unit.BlockCount);
    }

    [Fact]
    public async Task Limits_that_cannot_be_are_refused_and_everything_is_closed()
    {
        using var device = new ModelDevice();
        await using var pool = await ReactorPool.StartAsync();
        var store = new AsyncStore(Size);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => pool.ServeAsync(device.Open(), Rig.Unit(Size), store, new DiskLimits { Operations = -1 }));
        Assert.True(store.IsDisposed);
        device.Open().Dispose();
    }
}

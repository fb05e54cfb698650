using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>A disk that breaks takes nobody with it.</summary>
public sealed class FaultTests
{
    private const int Size = 1 << 20;

    [Theory]
    [InlineData(IoEngineChoice.IoUring)]
    [InlineData(IoEngineChoice.Workers)]
    public async Task A_device_that_is_taken_away_is_a_fault(IoEngineChoice engine)
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, Engine = engine });
        await using var other = await Rig.StartAsync(pool, new MemoryBackstore(Size));
        using var device = new ModelDevice();
        var store = new AsyncStore(Size);
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), store);
        Rig.Good(await device.SubmitAsync(Cdb.Read(0, 1), 512));
        device.Remove();
        var reason = await disk.Faulted.WaitAsync(Rig.Patience);
        Assert.Equal(reason, disk.Fault);
        Assert.Contains("gone", reason, StringComparison.Ordinal);
        Assert.True(store.IsDisposed);
        await disk.StopAsync().WaitAsync(Rig.Patience);
        await other.WriteAsync(0, new byte[512]);
        Assert.Null(other.Disk.Fault);
    }

    [Fact]
    public async Task Memory_stays_until_the_last_request_has_ended()
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, Engine = IoEngineChoice.IoUring });
        using var device = new ModelDevice();
        var store = new AsyncStore(Size, held: true);
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), store);
        _ = device.SubmitAsync(Cdb.Read(0, 8), 4096);
        _ = device.SubmitAsync(Cdb.Read(0, 8), 4096);
        await GateTests.UntilAsync(() => store.Begun == 2);
        device.Remove();
        await GateTests.UntilAsync(() => disk.Fault is not null);
        store.Release(1);
        await GateTests.UntilAsync(() => disk.Counters.InFlight == 1);
        Assert.False(disk.Faulted.IsCompleted);
        Assert.False(store.IsDisposed);
        var hold = disk.HoldAsync(CancellationToken.None);
        Assert.False(hold.IsCompleted);
        store.Release(1);
        await disk.Faulted.WaitAsync(Rig.Patience);
        await hold.WaitAsync(Rig.Patience);
        Assert.True(store.IsDisposed);
        Assert.Null(store.Violation);
    }

    [Theory]
    [InlineData(0x00000003u, 8u)]
    [InlineData(0x00000001u, 8u)]
    [InlineData(0x000FFFF9u, 128u)]
    public async Task A_broken_ring_is_a_fault_after_what_was_in_flight(uint lengthAndOperation, uint advance)
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, Engine = IoEngineChoice.IoUring });
        await using var other = await Rig.StartAsync(pool, new MemoryBackstore(Size));
        using var device = new ModelDevice();
        var store = new AsyncStore(Size, held: true);
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), store);
        var read = device.SubmitAsync(Cdb.Read(0, 8), 4096);
        await GateTests.UntilAsync(() => store.Begun == 1);
        device.SubmitRaw(BitConverter.GetBytes(lengthAndOperation), advance);
        await GateTests.UntilAsync(() => disk.Fault is not null);
        await other.WriteAsync(0, new byte[512]);
        store.Release(1);
        var reason = await disk.Faulted.WaitAsync(Rig.Patience);
        Assert.Contains("ring entry", reason, StringComparison.Ordinal);
        Rig.Good(await read.WaitAsync(Rig.Patience));
        await other.WriteAsync(0, new byte[512]);

        // The owner resets the ring and serves it anew.
        device.ResetRing();
        disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), new MemoryBackstore(Size));
        Rig.Good(await device.SubmitAsync(Cdb.Read(0, 8), 4096).WaitAsync(Rig.Patience));
        await disk.StopAsync().WaitAsync(Rig.Patience);
    }

    [Fact]
    public async Task A_mailbox_of_another_kind_is_refused_and_everything_is_closed()
    {
        await using var pool = await ReactorPool.StartAsync();
        using var device = new ModelDevice();
        var uio = device.Open();
        Spoil(uio);
        var store = new AsyncStore(Size);
        await Assert.ThrowsAsync<InvalidDataException>(() => pool.ServeAsync(uio, Rig.Unit(Size), store));
        Assert.True(store.IsDisposed);
        device.Open().Dispose();
    }

    [Fact]
    public async Task Task_management_notes_are_passed_over()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        for (var i = 0; i < 100; i++)
        {
            rig.Device.SubmitTaskManagement(5);
            await rig.ReadAsync(0, 1);
            rig.Device.SubmitTaskManagement(1, 1, 2, 3);
        }

        Assert.Null(rig.Disk.Fault);
    }

    private static unsafe void Spoil(Tcmu.UioDevice device) => *device.Map = 99;
}

using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Hold, growth, stop, and what is refused.</summary>
public sealed class ControlTests
{
    private const int Size = 1 << 20;

    [Fact]
    public async Task A_hold_waits_for_what_is_in_flight_and_keeps_the_rest_in_the_ring()
    {
        var store = new AsyncStore(Size, held: true);
        await using (var rig = await Rig.StartAsync(store, IoEngineChoice.IoUring))
        {
            var before = rig.SubmitAsync(Cdb.Read(0, 1), 512);
            await GateTests.UntilAsync(() => store.Begun == 1);
            var first = rig.Disk.HoldAsync(CancellationToken.None);
            var second = rig.Disk.HoldAsync(CancellationToken.None);
            var after = rig.SubmitAsync(Cdb.Read(0, 1), 512);
            await Task.Delay(20);
            Assert.False(first.IsCompleted);
            Assert.False(after.IsCompleted);
            store.Release(1);
            Rig.Good(await before);
            var firstHold = await first.WaitAsync(Rig.Patience);
            var secondHold = await second.WaitAsync(Rig.Patience);
            await firstHold.DisposeAsync();
            await firstHold.DisposeAsync();
            await Task.Delay(20);
            Assert.Equal(1, store.Begun);
            await secondHold.DisposeAsync();
            await GateTests.UntilAsync(() => store.Begun == 2);
            store.Release(1);
            Rig.Good(await after);
        }

        Assert.Null(store.Violation);
    }

    [Fact]
    public async Task A_hold_that_is_given_up_leaves_the_disk_going()
    {
        var store = new AsyncStore(Size, held: true);
        await using var rig = await Rig.StartAsync(store, IoEngineChoice.IoUring);
        var stuck = rig.SubmitAsync(Cdb.Read(0, 1), 512);
        await GateTests.UntilAsync(() => store.Begun == 1);
        using var source = new CancellationTokenSource(20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.Disk.HoldAsync(source.Token));
        var next = rig.SubmitAsync(Cdb.Read(0, 1), 512);
        await GateTests.UntilAsync(() => store.Begun == 2);
        store.Release(2);
        Rig.Good(await stuck);
        Rig.Good(await next);
    }

    [Fact]
    public async Task A_grown_disk_tells_its_size_and_takes_commands_there()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        Rig.Check(await rig.SubmitAsync(Cdb.Write(Size / 512, 1), new byte[512]), "05/21/00");
        await rig.Disk.GrowAsync(2 * Size);
        Assert.Equal(2 * Size / 512, rig.Disk.Unit.BlockCount);
        await rig.WriteAsync(Size / 512, new byte[512]);
        await rig.Disk.GrowAsync(2 * Size);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => rig.Disk.GrowAsync(Size));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => rig.Disk.GrowAsync((2 * Size) + 100));
        Assert.Equal(2 * Size / 512, rig.Disk.Unit.BlockCount);
        await rig.ReadAsync((2 * Size / 512) - 1, 1);
    }

    [Fact]
    public async Task A_disk_grows_while_it_is_held_by_the_one_who_grows_it()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        await using var hold = await rig.Disk.HoldAsync(CancellationToken.None);
        await rig.Disk.GrowAsync(2 * Size).WaitAsync(Rig.Patience);
    }

    [Fact]
    public async Task A_file_that_has_not_grown_is_not_grown_into()
    {
        using var file = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(new FileBackstore(file.Path, Size));
        await Assert.ThrowsAsync<IOException>(() => rig.Disk.GrowAsync(2 * Size));
        Assert.Equal(Size / 512, rig.Disk.Unit.BlockCount);
        await rig.WriteAsync(0, new byte[512]);
    }

    [Fact]
    public async Task Growth_under_load_disturbs_nobody()
    {
        const int LoadSize = 6 * 1024 * 512;
        var store = new AsyncStore(LoadSize);
        await using (var rig = await Rig.StartAsync(store))
        {
            var load = LoadTests.LoadAsync(rig.Device, 200);
            for (var size = LoadSize; !load.IsCompleted; await Task.Delay(5))
            {
                if (size < 2 * LoadSize) size += 4096;
                await rig.Disk.GrowAsync(size).WaitAsync(Rig.Patience);
            }

            await load;
            Assert.True(rig.Disk.Unit.BlockCount > LoadSize / 512);
        }

        Assert.Null(store.Violation);
    }

    [Fact]
    public async Task Stop_ends_what_is_in_flight_and_leaves_the_rest_to_the_next_server()
    {
        using var device = new ModelDevice();
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, MaximumInFlight = 2, Engine = IoEngineChoice.IoUring });
        var store = new AsyncStore(Size, held: true);
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), store);
        var reads = Enumerable.Range(0, 5).Select(_ => device.SubmitAsync(Cdb.Read(0, 1), 512)).ToArray();
        await GateTests.UntilAsync(() => store.Begun == 2);
        var stop = disk.StopAsync();
        Assert.Same(stop, disk.StopAsync());
        Assert.False(stop.IsCompleted);
        store.Release(2);
        await stop.WaitAsync(Rig.Patience);
        Assert.True(store.IsDisposed);
        Assert.Null(store.Violation);
        Assert.Null(disk.Fault);
        Assert.False(disk.Faulted.IsCompleted);
        Rig.Good(await reads[0]);
        Rig.Good(await reads[1]);
        Assert.Equal(3, device.Outstanding);

        // After the end a hold is no matter and a growth is refused.
        await (await disk.HoldAsync(CancellationToken.None)).DisposeAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => disk.GrowAsync(2 * Size));

        // What is in the ring already makes no event.
        device.Plug();
        await pool.ServeAsync(device.Open(), Rig.Unit(Size), new MemoryBackstore(Size));
        foreach (var read in reads) Rig.Good(await read.WaitAsync(Rig.Patience));
    }

    [Fact]
    public async Task Stop_lets_a_command_that_waits_at_the_gate_end()
    {
        var store = new AsyncStore(Size, held: true, alignment: 4096);
        await using var rig = await Rig.StartAsync(store, IoEngineChoice.IoUring);

        // Both are taken in one turn, and the stop comes after it.
        rig.Device.Plug();
        var whole = rig.SubmitAsync(Cdb.Write(0, 8), new byte[4096]);
        var part = rig.SubmitAsync(Cdb.Write(1, 1), new byte[512]);
        rig.Device.Unplug();
        await GateTests.UntilAsync(() => store.Begun == 1);
        var stop = rig.Disk.StopAsync();
        store.Release(1);
        await GateTests.UntilAsync(() => store.Begun == 2);
        store.Release(1);
        Rig.Good(await whole);
        Rig.Good(await part);
        await stop.WaitAsync(Rig.Patience);
    }

    [Fact]
    public async Task Stop_waits_for_the_end_of_a_hold()
    {
        using var device = new ModelDevice();
        await using var pool = await ReactorPool.StartAsync();
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), new MemoryBackstore(Size));
        var hold = await disk.HoldAsync(CancellationToken.None);
        var stop = disk.StopAsync();
        await Task.Delay(20);
        Assert.False(stop.IsCompleted);
        await hold.DisposeAsync();
        await stop.WaitAsync(Rig.Patience);
    }

    [Fact]
    public async Task A_store_that_is_too_small_is_refused_and_closed()
    {
        using var device = new ModelDevice();
        await using var pool = await ReactorPool.StartAsync();
        var store = new AsyncStore(Size);
        await Assert.ThrowsAsync<ArgumentException>(() => pool.ServeAsync(device.Open(), Rig.Unit(2 * Size), store));
        Assert.True(store.IsDisposed);
        device.Open().Dispose();
    }

    [Fact]
    public async Task The_end_of_the_pool_is_the_end_of_its_disks()
    {
        using var device = new ModelDevice();
        var pool = await ReactorPool.StartAsync();
        var store = new AsyncStore(Size);
        var disk = await pool.ServeAsync(device.Open(), Rig.Unit(Size), store);
        await pool.DisposeAsync();
        await pool.DisposeAsync();
        Assert.True(store.IsDisposed);
        await disk.StopAsync();
        store = new AsyncStore(Size);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.ServeAsync(device.Open(), Rig.Unit(Size), store));
        Assert.True(store.IsDisposed);
    }

    [Fact]
    public async Task Options_out_of_range_are_refused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 0 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ReactorPool.StartAsync(new DataPlaneOptions { MaximumInFlight = 5000 }));
    }

    [Fact]
    public async Task The_engine_is_named()
    {
        await using var workers = await ReactorPool.StartAsync(new DataPlaneOptions { Engine = IoEngineChoice.Workers });
        Assert.StartsWith("workers", workers.EngineDescription, StringComparison.Ordinal);
        await using var ring = await ReactorPool.StartAsync(new DataPlaneOptions { Engine = IoEngineChoice.IoUring });
        Assert.StartsWith("io_uring", ring.EngineDescription, StringComparison.Ordinal);
    }
}

using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Disks of one reactor share it.</summary>
public sealed class FairnessTests
{
    private const int Size = 1 << 20;

    [Theory]
    [InlineData(IoEngineChoice.IoUring)]
    [InlineData(IoEngineChoice.Workers)]
    public async Task A_flood_on_one_disk_does_not_stop_the_other(IoEngineChoice engine)
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, Engine = engine });
        await using var noisy = await Rig.StartAsync(pool, new NullBackstore(Size));
        await using var quiet = await Rig.StartAsync(pool, new NullBackstore(Size));
        var going = true;
        var flood = Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref going)) await noisy.ReadAsync(0, 8);
        })).ToArray();
        for (var i = 0; i < 100; i++) await quiet.ReadAsync(0, 8);
        var reads = noisy.Disk.Counters.Reads;
        await GateTests.UntilAsync(() => noisy.Disk.Counters.Reads > reads);
        Volatile.Write(ref going, false);
        await Task.WhenAll(flood);
    }

    [Fact]
    public async Task A_disk_with_much_to_do_takes_turns_with_the_other()
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, CommandsPerTurn = 8 });
        var log = new List<string>();
        using var gate = new ManualResetEventSlim();
        await using var noisy = await Rig.StartAsync(pool, new LoggingStore(Size, "noisy", log, gate));
        await using var quiet = await Rig.StartAsync(pool, new LoggingStore(Size, "quiet", log, gate));

        // The first command keeps the reactor's thread until the others are all there.
        var commands = new List<Task> { noisy.ReadAsync(0, 1) };
        await GateTests.UntilAsync(() => Volatile.Read(ref LoggingStore.Waiting) > 0);
        for (var i = 0; i < 100; i++) commands.Add(noisy.ReadAsync(0, 1));
        commands.Add(quiet.ReadAsync(0, 1));
        gate.Set();
        await Task.WhenAll(commands);
        Assert.Equal(102, log.Count);
        Assert.InRange(log.IndexOf("quiet"), 1, 16);
    }

    [Fact]
    public async Task Disks_are_spread_by_number()
    {
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 3 });
        var rigs = new List<Rig>();
        for (var i = 0; i < 9; i++) rigs.Add(await Rig.StartAsync(pool, new NullBackstore(Size)));
        Assert.Equal([3, 3, 3], pool.DisksPerReactor);
        await rigs[1].DisposeAsync();
        await rigs[4].DisposeAsync();
        Assert.Equal([3, 1, 3], pool.DisksPerReactor);
        for (var i = 0; i < 2; i++) rigs.Add(await Rig.StartAsync(pool, new NullBackstore(Size)));
        Assert.Equal([3, 3, 3], pool.DisksPerReactor);
        foreach (var rig in rigs) await rig.DisposeAsync();
    }

    private sealed unsafe class LoggingStore(long size, string name, List<string> log, ManualResetEventSlim gate) : IBackstore
    {
        public static int Waiting;

        public long Size => size;

        public string Description => name;

        public int Alignment => 512;

        public bool NeedsExclusive(in BackstoreRequest request) => false;

        public int Begin(BackstoreRequest* request, IIoEngine engine)
        {
            log.Add(name);
            Volatile.Write(ref Waiting, 1);
            gate.Wait();
            return 0;
        }

        public int Resume(BackstoreRequest* request, int result, IIoEngine engine) => 0;

        public bool IsAllocated(long offset, out long length)
        {
            length = size - offset;
            return true;
        }

        public void Grow(long newSize)
        {
        }

        public void Dispose()
        {
        }
    }
}

using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>A model device that a reactor serves.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly bool _ownsPool;

    private Rig(ReactorPool pool, ModelDevice device, IServedDisk disk, bool ownsPool)
    {
        Pool = pool;
        Device = device;
        Disk = disk;
        _ownsPool = ownsPool;
    }

    public ReactorPool Pool { get; }

    public ModelDevice Device { get; }

    public IServedDisk Disk { get; }

    public int BlockSize => Disk.Unit.BlockSize;

    public static TheoryData<IoEngineChoice> Engines => [IoEngineChoice.IoUring, IoEngineChoice.Workers];

    /// <summary>A ring with a zero copy area for every command of whole pages, so small that it is full now and then.</summary>
    public static KernelRingOptions ZeroCopy(int pages = 64) => new() { ZeroCopyPages = pages, ZeroCopyMinimum = 4096 };

    public static LogicalUnit Unit(long size, int blockSize = 512) => new()
    {
        Designator = new byte[] { 0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
        SerialNumber = "rig",
        BlockSize = blockSize,
        PhysicalBlockSize = 4096,
        BlockCount = size / blockSize,
        WriteCache = true,
    };

    public static async Task<Rig> StartAsync(
        IBackstore store, IoEngineChoice engine = IoEngineChoice.Auto, int blockSize = 512, DiskLimits? limits = null, KernelRingOptions? ring = null)
    {
        var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1, Engine = engine });
        return await StartAsync(pool, store, blockSize, ownsPool: true, limits, ring);
    }

    public static async Task<Rig> StartAsync(
        ReactorPool pool, IBackstore store, int blockSize = 512, bool ownsPool = false, DiskLimits? limits = null, KernelRingOptions? ring = null)
    {
        var device = new ModelDevice(ring);
        var disk = await pool.ServeAsync(device.Open(), Unit(store.Size, blockSize), store, limits);
        return new Rig(pool, device, disk, ownsPool);
    }

    public Task<ModelCompletion> SubmitAsync(byte[] cdb, int dataInLength = 0) => Device.SubmitAsync(cdb, dataInLength).WaitAsync(Patience);

    public Task<ModelCompletion> SubmitAsync(byte[] cdb, byte[] dataOut) => Device.SubmitAsync(cdb, dataOut).WaitAsync(Patience);

    public async Task<byte[]> ReadAsync(long block, int blocks)
    {
        var completion = await SubmitAsync(Cdb.Read(block, blocks), blocks * BlockSize);
        Good(completion);
        return completion.Data;
    }

    public async Task WriteAsync(long block, byte[] data, bool forceUnitAccess = false) =>
        Good(await SubmitAsync(Cdb.Write(block, data.Length / BlockSize, forceUnitAccess), data));

    public static void Good(ModelCompletion completion)
    {
        Assert.Equal("", completion.SenseText);
        Assert.Equal(0, completion.Status);
    }

    public static void Check(ModelCompletion completion, string sense)
    {
        Assert.Equal(2, completion.Status);
        Assert.Equal(sense, completion.SenseText);
    }

    /// <summary>Longer than any command takes; a test that waits for it has failed.</summary>
    public static TimeSpan Patience => TimeSpan.FromSeconds(60);

    public async ValueTask DisposeAsync()
    {
        if (_ownsPool) await Pool.DisposeAsync().AsTask().WaitAsync(Patience);
        else await Disk.StopAsync().WaitAsync(Patience);
        Device.Dispose();
    }
}

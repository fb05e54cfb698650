using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>The reactor's thread allocates nothing for a command, waiting and publishing included.</summary>
public sealed class AllocationTests
{
    private const int Size = 16 << 20;
    private const int Commands = 100_000;

    // A command on a file is a system call or more; there are fifteen kinds of commands, so that it is still more than 100,000.
    private const int CommandsOnFile = 20_000;
    private const int Batch = 200;

    // The pages of a mapped command go in and out by a system call each.
    private const int MappedCommands = 2_000;

    public static TheoryData<string, IoEngineChoice, bool> Stores => new()
    {
        { "null", IoEngineChoice.IoUring, false },
        { "memory", IoEngineChoice.Workers, false },
        { "file", IoEngineChoice.IoUring, false },
        { "file", IoEngineChoice.Workers, false },
        { "memory", IoEngineChoice.IoUring, true },
        { "file", IoEngineChoice.IoUring, true },
        { "page cache", IoEngineChoice.IoUring, true },
        { "page cache", IoEngineChoice.Workers, true },
    };

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Nothing_is_allocated_for_a_command(string kind, IoEngineChoice engine, bool isMapped)
    {
        using var file = new ImageFixture(Size, inMemory: true);
        IBackstore store = kind switch
        {
            "null" => new NullBackstore(Size),
            "memory" => new MemoryBackstore(Size),
            "page cache" => new FileBackstore(file.Path, Size, 512, FileWay.PageCache),
            _ => new FileBackstore(file.Path, Size, 4096),
        };
        await using var rig = await Rig.StartAsync(store, engine, ring: isMapped ? Rig.ZeroCopy() : null);
        var disk = (ServedDisk)rig.Disk;
        var list = Cdb.UnmapList((8, 8), (64, 16));
        (string Name, byte[] Cdb, int DataIn, byte[] DataOut)[] operations =
        [
            ("answered", Cdb.Inquiry(96), 96, []),
            ("refused", Cdb.Read(Size, 1), 512, []),
            ("read", Cdb.Read(8, 16), 8192, []),
            ("write", Cdb.Write(8, 16), 0, Filled(8192)),
            ("unaligned write", Cdb.Write(9, 1), 0, Filled(512)),
            ("flush", Cdb.SynchronizeCache(), 0, []),
            ("compare", Cdb.Verify(4096, 8), 0, new byte[4096]),
            ("miscompare", Cdb.Verify(4096, 8), 0, Filled(4096)),
            ("write and verify", Cdb.WriteAndVerify(128, 8), 0, new byte[4096]),
            ("unmap", Cdb.Unmap(list.Length), 0, list),
            ("discard", Cdb.WriteSame(256, 8, true, noDataOut: true), 0, []),
            ("write zeroes", Cdb.WriteSame(256, 8, false, noDataOut: true), 0, []),
            ("write same", Cdb.WriteSame(256, 8), 0, Filled(512)),
            ("compare and write", Cdb.CompareAndWrite(4096, 8), 0, new byte[8192]),
            ("lba status", Cdb.GetLbaStatus(0, 512), 512, []),
        ];

        var commands = isMapped ? MappedCommands : store is FileBackstore ? CommandsOnFile : Commands;

        // The warm-up has every path compiled and every slot touched.
        foreach (var (_, cdb, dataIn, dataOut) in operations) await RunAsync(rig.Device, cdb, dataIn, dataOut, 4 * Batch);
        foreach (var (name, cdb, dataIn, dataOut) in operations)
        {
            var before = disk.ReadReactorAllocations();
            await RunAsync(rig.Device, cdb, dataIn, dataOut, commands);
            var allocated = disk.ReadReactorAllocations() - before;
            Assert.True(allocated == 0, $"{commands} times {name}: {allocated} bytes");
        }

        Assert.Equal(isMapped, rig.Disk.Counters is { Mapped: > MappedCommands, Copied: > MappedCommands });
        Assert.Null(rig.Disk.Fault);
    }

    [Fact]
    public async Task Nothing_is_allocated_for_a_command_that_waits_for_tokens()
    {
        var limits = new DiskLimits { Operations = 11_000, WriteOperations = 10_000, Bandwidth = 1_000_000_000 };
        await using var rig = await Rig.StartAsync(new NullBackstore(Size), limits: limits);
        var disk = (ServedDisk)rig.Disk;
        await RunAsync(rig.Device, Cdb.Write(8, 8), 0, new byte[4096], 5_000);
        var throttled = rig.Disk.Counters.Throttled;
        var before = disk.ReadReactorAllocations();
        await RunAsync(rig.Device, Cdb.Write(8, 8), 0, new byte[4096], 20_000);
        var allocated = disk.ReadReactorAllocations() - before;
        Assert.True(rig.Disk.Counters.Throttled > throttled, "no command waited, so nothing was tried");
        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task The_question_sees_an_allocation()
    {
        await using var rig = await Rig.StartAsync(new NullBackstore(Size));
        var disk = (ServedDisk)rig.Disk;
        var before = disk.ReadReactorAllocations();
        await using (await rig.Disk.HoldAsync(CancellationToken.None))
        {
        }

        Assert.NotEqual(before, disk.ReadReactorAllocations());
    }

    private static byte[] Filled(int length)
    {
        var data = new byte[length];
        data.AsSpan().Fill(0x5C);
        return data;
    }

    private static async Task RunAsync(ModelDevice device, byte[] cdb, int dataIn, byte[] dataOut, int commands)
    {
        var tasks = new Task<ModelCompletion>[Batch];
        for (var done = 0; done < commands; done += Batch)
        {
            device.Plug();
            for (var i = 0; i < Batch; i++) tasks[i] = dataOut.Length > 0 ? device.SubmitAsync(cdb, dataOut) : device.SubmitAsync(cdb, dataIn);
            device.Unplug();
            await Task.WhenAll(tasks).WaitAsync(Rig.Patience);
        }
    }
}

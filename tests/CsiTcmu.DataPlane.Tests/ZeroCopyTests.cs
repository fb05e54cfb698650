using CsiTcmu.Backstores;
using CsiTcmu.KernelModel;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Disks whose device has a zero copy area. A store to a page of data to be written, or to one that is gone, ends the test process.</summary>
public sealed class ZeroCopyTests
{
    private const int Size = 6 * 1024 * 512;
    private const int Large = 64 * 1024;

    public static TheoryData<string, IoEngineChoice> Stores => new()
    {
        { "memory", IoEngineChoice.Auto },
        { "direct", IoEngineChoice.IoUring },
        { "direct", IoEngineChoice.Workers },
        { "page cache", IoEngineChoice.IoUring },
        { "page cache", IoEngineChoice.Workers },
    };

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Every_submitter_reads_what_it_wrote_whichever_way_it_went(string kind, IoEngineChoice engine)
    {
        using var file = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(Store(kind, file), engine, ring: Rig.ZeroCopy(pages: 40));
        Assert.Equal(40 * 4096, rig.Disk.ZeroCopyLength);
        await LoadTests.LoadAsync(rig.Device, commands: 400, pieces: 8);
        var (counters, ways) = (rig.Disk.Counters, rig.Device.Ways);
        Assert.Equal(0, counters.Errors);
        Assert.True(ways is { Mapped: > 0, Small: > 0, Full: > 0 }, $"{ways}");
        Assert.Equal((ways.Mapped, ways.Small + ways.Ineligible + ways.Full), (counters.Mapped, counters.Copied));
    }

    [Fact]
    public async Task Without_an_area_nothing_is_counted()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size));
        await rig.WriteAsync(0, new byte[Large]);
        Assert.Equal((0, 0, 0), (rig.Disk.ZeroCopyLength, rig.Disk.Counters.Mapped, rig.Disk.Counters.Copied));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Every_kind_of_command_may_come_with_mapped_data(string kind, IoEngineChoice engine)
    {
        using var file = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(Store(kind, file), engine, ring: Rig.ZeroCopy(1024));
        var data = Filled(Large, 0x5C);
        await rig.WriteAsync(8, data, forceUnitAccess: true);
        Rig.Good(await rig.SubmitAsync(Cdb.Verify(8, 128), data));
        Rig.Check(await rig.SubmitAsync(Cdb.Verify(8, 128), Filled(Large, 0x5D)), "0e/1d/00");
        Rig.Good(await rig.SubmitAsync(Cdb.WriteAndVerify(256, 128), data));
        Rig.Good(await rig.SubmitAsync(Cdb.CompareAndWrite(256, 8), [.. Filled(4096, 0x5C), .. Filled(4096, 0x11)]));
        Assert.Equal(Filled(4096, 0x11).Concat(Filled(Large - 4096, 0x5C)), await rig.ReadAsync(256, 128));
        var list = Cdb.UnmapList((8, 128), (256, 64));
        Rig.Good(await rig.SubmitAsync(Cdb.Unmap(list.Length), [.. list, .. new byte[Large - list.Length]]));
        Assert.Equal(Filled(Large, 0), await rig.ReadAsync(8, 128));

        // Commands that need no data, with some to be written and some to be filled.
        Rig.Good(await rig.SubmitAsync(Cdb.SynchronizeCache(), data));
        Rig.Good(await rig.SubmitAsync(Cdb.TestUnitReady(), data));
        Assert.Equal(Filled(Large, 0), (await rig.SubmitAsync(Cdb.TestUnitReady(), Large)).Data);
        var inquiry = await rig.SubmitAsync(Cdb.Inquiry(36), Large);
        Assert.Equal(Large - 36, inquiry.Residual);
        Rig.Good(await rig.SubmitAsync(Cdb.GetLbaStatus(0, Large), Large));
        Assert.Equal((0, 13), (rig.Device.Ways.Full, rig.Disk.Counters.Mapped));
        Assert.Null(rig.Disk.Fault);
    }

    [Fact]
    public async Task A_block_that_is_repeated_may_be_mapped()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size), blockSize: 4096, ring: Rig.ZeroCopy());
        Rig.Good(await rig.SubmitAsync(Cdb.WriteSame(64, 16), Filled(4096, 0x22)));
        Assert.Equal(Filled(Large, 0x22), await rig.ReadAsync(64, 16));
        Rig.Good(await rig.SubmitAsync(Cdb.WriteSame(64, 8), Filled(4096, 0)));
        Assert.Equal(Filled(Large / 2, 0).Concat(Filled(Large / 2, 0x22)), await rig.ReadAsync(64, 16));
        Assert.Equal(4, rig.Disk.Counters.Mapped);
    }

    [Fact]
    public async Task The_backstore_is_told_which_memory_cannot_be_pinned()
    {
        var store = new AsyncStore(Size);
        await using var rig = await Rig.StartAsync(store, ring: Rig.ZeroCopy());
        await rig.WriteAsync(0, Filled(Large, 1));
        Assert.Equal(1, store.Unpinnable);
        await rig.ReadAsync(0, 128);
        Rig.Good(await rig.SubmitAsync(Cdb.CompareAndWrite(0, 8), [.. Filled(4096, 1), .. Filled(4096, 2)]));
        Assert.Equal((3, 4), (store.Unpinnable, store.Begun));

        // Neither what is copied nor the scratch buffer, in slots that have had mapped commands.
        await rig.WriteAsync(0, Filled(512, 1));
        await rig.ReadAsync(0, 1);
        Rig.Good(await rig.SubmitAsync(Cdb.WriteAndVerify(256, 128), Filled(Large, 3)));
        Assert.Equal((3, 8), (store.Unpinnable, store.Begun));
    }

    [Fact]
    public async Task A_command_that_would_fill_data_to_be_written_is_refused()
    {
        await using var rig = await Rig.StartAsync(new MemoryBackstore(Size), ring: Rig.ZeroCopy());
        await rig.WriteAsync(0, Filled(Large, 7));
        foreach (var cdb in new[] { Cdb.Read(0, 128), Cdb.Inquiry(96), Cdb.GetLbaStatus(0, 512) })
            Rig.Check(await rig.SubmitAsync(cdb, Filled(Large, 9)), "05/0e/03");

        // One that fills nothing is fine; a small one is copied, and the kernel drops what was filled in.
        Rig.Good(await rig.SubmitAsync(Cdb.Read(0, 0), Filled(Large, 9)));
        Rig.Good(await rig.SubmitAsync(Cdb.Read(0, 1), Filled(512, 9)));
        Assert.Equal(Filled(Large, 7), await rig.ReadAsync(0, 128));
    }

    [Theory]
    [InlineData(-5, "03/11/00")]
    [InlineData(-14, "04/44/00")]
    public async Task A_failed_read_says_why(int error, string sense)
    {
        var store = new AsyncStore(Size) { Error = error };
        await using var rig = await Rig.StartAsync(store, ring: Rig.ZeroCopy());
        Rig.Check(await rig.SubmitAsync(Cdb.Read(0, 128), Large), sense);
        store.Error = 0;
        Assert.Equal(Filled(Large, 0), await rig.ReadAsync(0, 128));
        Assert.Equal((2, 2), (rig.Disk.Counters.Mapped, rig.Device.Ways.Mapped));
    }

    [Fact]
    public async Task A_disk_is_taken_over_with_mapped_commands_on_its_ring()
    {
        using var device = new ModelDevice(Rig.ZeroCopy());
        await using var pool = await ReactorPool.StartAsync(new DataPlaneOptions { ReactorCount = 1 });
        var store = new AsyncStore(Size);
        var first = device.Open();
        var lost = device.SubmitAsync(Cdb.Write(0, 128), Filled(Large, 1));
        first.Dispose();

        // As TcmuDevice.TakeOver does it.
        var uio = device.Open();
        device.Block();
        device.ResetRing();
        Assert.Equal((byte)ScsiStatus.Busy, (await lost.WaitAsync(Rig.Patience)).Status);
        var disk = await pool.ServeAsync(uio, Rig.Unit(Size), store);
        device.Unblock();
        Rig.Good(await device.SubmitAsync(Cdb.Write(0, 128), Filled(Large, 2)).WaitAsync(Rig.Patience));
        await disk.StopAsync().WaitAsync(Rig.Patience);

        // And after an orderly end, with commands that nobody has taken yet.
        var waiting = device.SubmitAsync(Cdb.Read(0, 128), Large);
        var next = await pool.ServeAsync(device.Open(), Rig.Unit(Size), new MemoryBackstore(Size));
        Assert.Equal(Filled(Large, 0), (await waiting.WaitAsync(Rig.Patience)).Data);
        Assert.Equal(1, next.Counters.Mapped);
        Assert.Equal(3, device.Ways.Mapped);
        await next.StopAsync().WaitAsync(Rig.Patience);
        Assert.Null(store.Violation);
    }

    private static IBackstore Store(string kind, ImageFixture file) => kind switch
    {
        "memory" => new MemoryBackstore(Size),
        "direct" => new FileBackstore(file.Path, Size),
        _ => new FileBackstore(file.Path, Size, way: FileWay.PageCache),
    };

    private static byte[] Filled(int length, byte value)
    {
        var data = new byte[length];
        data.AsSpan().Fill(value);
        return data;
    }
}

using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>Each operation against a plain array of bytes.</summary>
public sealed class OperationTests
{
    private const int Size = 4 << 20;

    [Theory]
    [InlineData(512, 11)]
    [InlineData(512, 12)]
    [InlineData(4096, 13)]
    public async Task Random_commands_do_to_the_disk_what_they_do_to_an_array(int blockSize, int seed)
    {
        await using var memory = await Rig.StartAsync(new MemoryBackstore(Size), blockSize: blockSize);
        await CompareWithArrayAsync(memory, new Random(seed), 1500);
    }

    [Theory]
    [InlineData(IoEngineChoice.IoUring)]
    [InlineData(IoEngineChoice.Workers)]
    public async Task Random_commands_do_so_on_a_store_that_takes_its_time_and_is_busy_now_and_then(IoEngineChoice engine)
    {
        var store = new AsyncStore(Size) { BusyEvery = 3 };
        await using (var rig = await Rig.StartAsync(store, engine)) await CompareWithArrayAsync(rig, new Random(21), 600);
        Assert.Null(store.Violation);
        Assert.True(store.BusyAnswers > 100);
        Assert.True(store.IsDisposed);
    }

    [Theory]
    [InlineData(IoEngineChoice.IoUring, 512)]
    [InlineData(IoEngineChoice.Workers, 512)]
    [InlineData(IoEngineChoice.IoUring, 4096)]
    public async Task Random_commands_do_so_on_a_file(IoEngineChoice engine, int alignment)
    {
        using var file = new ImageFixture(Size);
        await using var rig = await Rig.StartAsync(new FileBackstore(file.Path, Size, alignment), engine);
        await CompareWithArrayAsync(rig, new Random(31), 600);
    }

    [Fact]
    public async Task Miscompare_tells_where()
    {
        await using var rig = await Rig.StartAsync(new AsyncStore(Size));
        var data = new byte[1 << 20];
        new Random(1).NextBytes(data);
        await rig.WriteAsync(8, data);
        Rig.Good(await rig.SubmitAsync(Cdb.Verify(8, data.Length / 512), data));

        // In the fourth piece of the scratch buffer.
        data[900_001] ^= 1;
        var completion = await rig.SubmitAsync(Cdb.Verify(8, data.Length / 512), data);
        Rig.Check(completion, "0e/1d/00");
        Assert.Equal(0xF0, completion.Sense[0]);
        Assert.Equal(900_001, Information(completion.Sense));

        var pair = new byte[2 * 4096];
        data.AsSpan(0, 4096).CopyTo(pair);
        pair[4095] ^= 1;
        completion = await rig.SubmitAsync(Cdb.CompareAndWrite(8, 8), pair);
        Rig.Check(completion, "0e/1d/00");
        Assert.Equal(4095, Information(completion.Sense));
        Assert.Equal(data[..4096], await rig.ReadAsync(8, 8));
    }

    [Fact]
    public async Task Unit_access_is_forced_when_asked_for()
    {
        var store = new AsyncStore(Size);
        await using var rig = await Rig.StartAsync(store);
        await rig.WriteAsync(0, new byte[512]);
        Assert.Equal(0, store.Forced);
        await rig.WriteAsync(0, new byte[512], forceUnitAccess: true);
        Assert.Equal(1, store.Forced);
    }

    [Fact]
    public async Task Unmap_checks_the_whole_list_before_it_discards_anything()
    {
        var store = new AsyncStore(Size);
        await using var rig = await Rig.StartAsync(store);
        store.Bytes.Fill(7);
        var list = Cdb.UnmapList((0, 8), (Size / 512, 1));
        Rig.Check(await rig.SubmitAsync(Cdb.Unmap(list.Length), list), "05/21/00");
        Assert.False(store.Bytes.ContainsAnyExcept((byte)7));

        list = Cdb.UnmapList((0, 8), (100, 0), (200, 3));
        Rig.Good(await rig.SubmitAsync(Cdb.Unmap(list.Length), list));
        Assert.Equal(8 * 512, store.Bytes.IndexOf((byte)7));
        Assert.Equal(11 * 512, store.Bytes.Count((byte)0));
        Assert.False(store.Bytes.Slice(200 * 512, 3 * 512).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public async Task Lba_status_tells_runs()
    {
        var store = new AsyncStore(Size);
        await using var rig = await Rig.StartAsync(store);
        store.Bytes.Slice(512 * 4, 512 * 3).Fill(1);
        var completion = await rig.SubmitAsync(Cdb.GetLbaStatus(2, 56), 56);
        Rig.Good(completion);
        byte[] expected =
        [
            0, 0, 0, 52, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0x1F, 0xF9, 1, 0, 0, 0,
        ];
        Assert.Equal(expected, completion.Data);
    }

    [Fact]
    public async Task Counters_count()
    {
        var store = new AsyncStore(Size);
        await using var rig = await Rig.StartAsync(store);
        await rig.WriteAsync(0, new byte[1024]);
        await rig.ReadAsync(0, 1);
        await rig.ReadAsync(0, 2);
        Rig.Good(await rig.SubmitAsync(Cdb.SynchronizeCache()));
        Rig.Good(await rig.SubmitAsync(Cdb.WriteSame(0, 1, unmap: true, noDataOut: true)));
        store.Error = -5;
        Rig.Check(await rig.SubmitAsync(Cdb.Read(0, 1), 512), "03/11/00");
        var expected = new DiskCounters { Reads = 2, Writes = 1, Flushes = 1, Discards = 1, BytesRead = 1536, BytesWritten = 1024, Errors = 1 };
        Assert.Equal(expected, rig.Disk.Counters with { ReadLatency = default, WriteLatency = default });
    }

    private static int Information(byte[] sense) => (sense[3] << 24) | (sense[4] << 16) | (sense[5] << 8) | sense[6];

    private static async Task CompareWithArrayAsync(Rig rig, Random random, int commands)
    {
        var blockSize = rig.BlockSize;
        var model = new byte[Size];
        var blocks = Size / blockSize;
        for (var i = 0; i < commands; i++)
        {
            var count = random.Next(4) == 0 ? random.Next(1, (1 << 20) / blockSize) : random.Next(1, 10);
            var block = random.Next(0, blocks - count);
            var offset = block * blockSize;
            var length = count * blockSize;
            var data = new byte[length];
            if (random.Next(5) > 0) random.NextBytes(data);
            switch (random.Next(12))
            {
                case 0 or 1 or 2:
                    var bytes = await rig.ReadAsync(block, count);
                    Assert.True(model.AsSpan(offset, length).SequenceEqual(bytes), $"read {i}");
                    break;
                case 3 or 4:
                    await rig.WriteAsync(block, data, random.Next(2) == 0);
                    data.CopyTo(model, offset);
                    break;
                case 5:
                    Rig.Good(await rig.SubmitAsync(Cdb.WriteAndVerify(block, count), data));
                    data.CopyTo(model, offset);
                    break;
                case 6:
                    Rig.Good(await rig.SubmitAsync(Cdb.WriteSame(block, count, random.Next(2) == 0), data[..blockSize]));
                    for (var at = offset; at < offset + length; at += blockSize) data.AsSpan(0, blockSize).CopyTo(model.AsSpan(at));
                    break;
                case 7:
                    Rig.Good(await rig.SubmitAsync(Cdb.WriteSame(block, count, random.Next(2) == 0, noDataOut: true)));
                    model.AsSpan(offset, length).Clear();
                    break;
                case 8:
                    var other = random.Next(0, blocks - count);
                    var list = Cdb.UnmapList((block, count), (other, count));
                    Rig.Good(await rig.SubmitAsync(Cdb.Unmap(list.Length), list));
                    model.AsSpan(offset, length).Clear();
                    model.AsSpan(other * blockSize, length).Clear();
                    break;
                case 9:
                    count = random.Next(1, (4096 / blockSize) + 1);
                    length = count * blockSize;
                    var expected = model[offset..(offset + length)];
                    var differs = random.Next(2) == 0;
                    if (differs) expected[random.Next(length)] ^= 0x10;
                    var pair = new byte[2 * length];
                    random.NextBytes(pair);
                    expected.CopyTo(pair, 0);
                    var compared = await rig.SubmitAsync(Cdb.CompareAndWrite(block, (byte)count), pair);
                    if (differs)
                    {
                        Rig.Check(compared, "0e/1d/00");
                    }
                    else
                    {
                        Rig.Good(compared);
                        pair.AsSpan(length).CopyTo(model.AsSpan(offset));
                    }

                    break;
                case 10:
                    var same = model[offset..(offset + length)];
                    Rig.Good(await rig.SubmitAsync(Cdb.Verify(block, count), same));
                    same[random.Next(length)] ^= 1;
                    Rig.Check(await rig.SubmitAsync(Cdb.Verify(block, count), same), "0e/1d/00");
                    break;
                default:
                    Rig.Good(await rig.SubmitAsync(Cdb.SynchronizeCache()));
                    break;
            }
        }

        for (var block = 0; block < blocks; block += (1 << 20) / blockSize)
        {
            var read = await rig.ReadAsync(block, (1 << 20) / blockSize);
            Assert.True(model.AsSpan(block * blockSize, 1 << 20).SequenceEqual(read), $"the end at {block}");
        }
    }
}

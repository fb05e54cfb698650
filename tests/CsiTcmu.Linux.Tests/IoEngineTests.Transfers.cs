namespace CsiTcmu.Linux.Tests;

// Requests on files, up to the engine's depth.
public abstract unsafe partial class IoEngineTests
{
    [Fact]
    public void Writes_and_reads_one_piece_and_several()
    {
        using var file = new TemporaryFile(1 << 20);
        using var memory = new NativeBlock(64 * 1024);
        using var engine = Create(8);
        Random.Shared.NextBytes(memory.Span[..32768]);
        var vectors = stackalloc Iovec[3];
        vectors[0] = new Iovec { Base = memory.Address, Length = 4096 };
        vectors[1] = new Iovec { Base = memory.Address + 4096, Length = 512 };
        vectors[2] = new Iovec { Base = memory.Address + 8192, Length = 20000 };
        Assert.Equal(24608, Run(engine, Write(file.File, 12345, vectors, 3)));
        Assert.Equal(100, Run(engine, Write(file.File, 5, vectors + 2, 1) with { DataSync = true }, shorten: 100));
        Assert.Equal(0, Run(engine, new IoRequest { Operation = IoOperation.DataSync, File = file.File }));

        var back = memory.Address + 32768;
        vectors[0].Base = back;
        vectors[1].Base = back + 4096;
        vectors[2] = new Iovec { Base = back + 8192, Length = 20000 };
        Assert.Equal(24608, Run(engine, Read(file.File, 12345, vectors, 3)));
        Assert.True(memory.Span.Slice(32768, 4608).SequenceEqual(memory.Span[..4608]));
        Assert.True(memory.Span.Slice(32768 + 8192, 20000).SequenceEqual(memory.Span.Slice(8192, 20000)));
        Assert.Equal(100, Run(engine, Read(file.File, 5, vectors, 1), shorten: 100));
        Assert.True(memory.Span.Slice(32768, 100).SequenceEqual(memory.Span.Slice(8192, 100)));
    }

    [Fact]
    public void Allocates_and_punches()
    {
        const int SeekEnd = 2;
        using var file = new TemporaryFile(1 << 20);
        using var memory = new NativeBlock(131072);
        using var engine = Create(8);
        var allocate = new IoRequest { Operation = IoOperation.Allocate, File = file.File, Offset = 1 << 20, Length = 131072 };
        Assert.Equal(0, Run(engine, allocate));
        Assert.Equal((1 << 20) + 131072, Syscalls.Seek(file.File, 0, SeekEnd));

        var vector = new Iovec { Base = memory.Address, Length = 131072 };
        Assert.Equal(131072, Run(engine, Write(file.File, 65536, &vector, 1)));
        Assert.Equal(131072, DataLength(file));
        Assert.Equal(0, Run(engine, allocate with { Mode = 3, Offset = 65536, Length = 65536 })); // PUNCH_HOLE | KEEP_SIZE
        Assert.Equal(65536, DataLength(file));
        Assert.Equal(-Errno.InvalidArgument, Run(engine, allocate with { Length = 0 }));
    }

    [Fact]
    public void Reports_errors_and_short_transfers_as_the_kernel_does()
    {
        using var file = new TemporaryFile(1000);
        using var memory = new NativeBlock(4096);
        using var engine = Create(8);
        var vector = new Iovec { Base = memory.Address, Length = 4096 };
        Assert.Equal(1000, Run(engine, Read(file.File, 0, &vector, 1)));
        Assert.Equal(0, Run(engine, Read(file.File, 4096, &vector, 1)));
        Assert.Equal(-Errno.BadDescriptor, Run(engine, Read(-1, 0, &vector, 1)));
        Assert.Equal(-Errno.BadDescriptor, Run(engine, new IoRequest { Operation = IoOperation.DataSync, File = 999_999 }));
        var unmapped = new Iovec { Base = (byte*)4096, Length = 512 };
        Assert.Equal(-14, Run(engine, Write(file.File, 0, &unmapped, 1))); // EFAULT
    }

    [Fact]
    public void Hands_any_token_back_exactly_once()
    {
        using var file = new TemporaryFile(4096);
        using var memory = new NativeBlock(4096);
        using var engine = Create(16);
        var vector = new Iovec { Base = memory.Address, Length = 512 };
        var tokens = new HashSet<ulong> { 0, 1, ulong.MaxValue, 1UL << 63, 1UL << 62, 3UL << 62, 0x8000_0000, uint.MaxValue };
        foreach (var token in tokens) Assert.True(engine.TryQueue(Read(file.File, 0, &vector, 1) with { Token = token }));
        Span<IoCompletion> completions = stackalloc IoCompletion[3];
        while (tokens.Count > 0)
        {
            foreach (var completion in completions[..WaitSome(engine, completions)])
            {
                Assert.True(tokens.Remove(completion.Token));
                Assert.Equal(512, completion.Result);
            }
        }
        Assert.Equal(0, engine.Wait(completions, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(1000)]
    public void Takes_as_many_requests_as_its_depth_then_says_no_then_goes_on(int depth)
    {
        using var file = new TemporaryFile(4096);
        using var memory = new NativeBlock(4096);
        using var engine = Create(depth);
        var vector = new Iovec { Base = memory.Address, Length = 512 };
        Span<IoCompletion> completions = stackalloc IoCompletion[64];
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < depth; i++) Assert.True(engine.TryQueue(Read(file.File, 0, &vector, 1)));
            Assert.False(engine.TryQueue(Read(file.File, 0, &vector, 1)));
            for (var left = depth; left > 0;) left -= WaitSome(engine, completions);
        }
    }
}

using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>The stores without a file.</summary>
public unsafe class MemoryAndNullBackstoreTests
{
    [Fact]
    public void Memory_behaves_as_an_array_of_bytes()
    {
        using var reactor = new TestReactor(new MemoryBackstore((4 << 20) + 512), Engines.Create(EngineKind.IoUring), 8);
        var test = new ModelTest(reactor, 7);
        test.Run(5000, 1 << 20);
        test.CheckAll();
    }

    [Fact]
    public void Memory_is_taken_by_writes_and_given_back_by_discards()
    {
        using var reactor = new TestReactor(new MemoryBackstore(1L << 40), Engines.Create(EngineKind.IoUring), 1);
        var store = reactor.Backstore;
        Assert.False(store.IsAllocated(0, out var length));
        Assert.Equal(1L << 40, length);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, 1L << 39, 65536 + 512));
        Assert.False(store.IsAllocated(512, out length));
        Assert.Equal((1L << 39) - 512, length);
        Assert.True(store.IsAllocated(1L << 39, out length));
        Assert.Equal(131072, length);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Discard, 1L << 39, 65536 + 512));
        Assert.False(store.IsAllocated(1L << 39, out length));
        Assert.Equal(65536, length);
        Assert.True(store.IsAllocated((1L << 39) + 65536, out _));
        store.Grow(1L << 41);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, (1L << 41) - 512, 512));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Grow(512));
    }

    [Fact]
    public void Null_reads_zeroes_and_keeps_nothing()
    {
        using var reactor = new TestReactor(new NullBackstore(1 << 20), Engines.Create(EngineKind.IoUring), 1);
        var memory = new Span<byte>(reactor.Slots[0].Memory, 8192);
        memory.Fill(1);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, 0, 4096));
        Assert.Equal(0, reactor.Run(BackstoreOperation.Read, 0, 4096));
        Assert.False(memory[..4096].ContainsAnyExcept((byte)0));
        Assert.False(memory[4096..].ContainsAnyExcept((byte)1));
        Assert.Equal(-Errno.InvalidArgument, reactor.Run(BackstoreOperation.Read, 1 << 20, 512));
        Assert.False(reactor.Backstore.IsAllocated(512, out var length));
        Assert.Equal((1 << 20) - 512, length);
        reactor.Backstore.Grow(2 << 20);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Read, 1 << 20, 512));

        using var measuring = new TestReactor(new NullBackstore(1 << 20) { Fill = false }, Engines.Create(EngineKind.IoUring), 1);
        new Span<byte>(measuring.Slots[0].Memory, 4096).Fill(3);
        Assert.Equal(0, measuring.Run(BackstoreOperation.Read, 0, 4096));
        Assert.Equal(3, measuring.Slots[0].Memory[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NullBackstore(100));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryBackstore(0));
    }
}

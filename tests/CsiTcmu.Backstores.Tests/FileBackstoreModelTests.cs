using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>Random requests against a byte array, on real file systems.</summary>
public class FileBackstoreModelTests
{
    private const int Seed = 20260;

    [Theory]
    [InlineData(Medium.Here, EngineKind.IoUring, 512)]
    [InlineData(Medium.Here, EngineKind.Workers, 512)]
    [InlineData(Medium.Here, EngineKind.IoUring, 4096)]
    [InlineData(Medium.Here, EngineKind.Workers, 4096)]
    [InlineData(Medium.SharedMemory, EngineKind.IoUring, 512)]
    [InlineData(Medium.SharedMemory, EngineKind.Workers, 4096)]
    [InlineData(Medium.Ramfs, EngineKind.IoUring, 512)]
    [InlineData(Medium.Ramfs, EngineKind.IoUring, 4096)]
    [InlineData(Medium.Ramfs, EngineKind.Workers, 4096)]
    [InlineData(Medium.Ext4Of4K, EngineKind.IoUring, 512)]
    [InlineData(Medium.XfsOf4K, EngineKind.IoUring, 512)]
    [InlineData(Medium.XfsOf4K, EngineKind.Workers, 512)]
    [InlineData(Medium.Xfs, EngineKind.IoUring, 512)]
    [InlineData(Medium.Xfs, EngineKind.Workers, 512)]
    [InlineData(Medium.Xfs, EngineKind.IoUring, 4096)]
    public void Behaves_as_an_array_of_bytes(Medium medium, EngineKind kind, int alignment)
    {
        const long Size = 8 << 20;
        using var folder = new TestFolder(medium);
        var path = folder.Image(Size);
        var backstore = new FileBackstore(path, Size, alignment);
        using (var reactor = new TestReactor(backstore, Engines.Create(kind), 24))
        {
            var test = new ModelTest(reactor, Seed);
            test.Run(2500, 1 << 19);
            test.CheckAll();
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(test.Model));
            Assert.Equal(backstore.Alignment > 512, reactor.ExclusiveRequests > 0);
        }
    }

    [Theory]
    [InlineData(Medium.Here, EngineKind.IoUring)]
    [InlineData(Medium.Here, EngineKind.Workers)]
    [InlineData(Medium.Xfs, EngineKind.IoUring)]
    [InlineData(Medium.XfsOf4K, EngineKind.Workers)]
    public void Behaves_so_through_the_page_cache_where_direct_io_could_be_had(Medium medium, EngineKind kind)
    {
        const long Size = 8 << 20;
        using var folder = new TestFolder(medium);
        var path = folder.Image(Size);
        var backstore = new FileBackstore(path, Size, way: FileWay.PageCache);
        Assert.Equal(512, backstore.Alignment);
        using var reactor = new TestReactor(backstore, Engines.Create(kind), 24);
        var test = new ModelTest(reactor, Seed);
        test.Run(2500, 1 << 19);
        test.CheckAll();

        // Somebody who reads past the page cache, as a copy does, sees the same.
        using var direct = new TestReactor(new FileBackstore(path, Size), Engines.Create(kind), 1);
        for (long offset = 0; offset < Size; offset += 1 << 20)
        {
            Assert.Equal(0, direct.Run(BackstoreOperation.Read, offset, 1 << 20));
            unsafe
            {
                Assert.True(new Span<byte>(direct.Slots[0].Memory, 1 << 20).SequenceEqual(test.Model.AsSpan((int)offset, 1 << 20)));
            }
        }
    }

    [Theory]
    [InlineData(Medium.Here, EngineKind.IoUring, 512)]
    [InlineData(Medium.Here, EngineKind.IoUring, 4096)]
    [InlineData(Medium.Here, EngineKind.Workers, 4096)]
    [InlineData(Medium.SharedMemory, EngineKind.IoUring, 512)]
    [InlineData(Medium.Ramfs, EngineKind.IoUring, 4096)]
    [InlineData(Medium.Ramfs, EngineKind.Workers, 512)]
    [InlineData(Medium.XfsOf4K, EngineKind.IoUring, 512)]
    public void Behaves_so_when_transfers_stop_early_are_interrupted_and_the_engine_is_full(Medium medium, EngineKind kind, int alignment)
    {
        const long Size = 4 << 20;
        using var folder = new TestFolder(medium);
        var path = folder.Image(Size);
        var backstore = new FileBackstore(path, Size, alignment);
        var engine = new TroublingEngine(Engines.Create(kind, 3), backstore.Alignment, Seed);
        using (var reactor = new TestReactor(backstore, engine, 24))
        {
            var test = new ModelTest(reactor, Seed);
            test.Run(2500, 1 << 19);
            test.CheckAll();
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(test.Model));
            Assert.True(reactor.BusyAnswers > 0);
            Assert.True(engine.Cuts > 0);
            Assert.True(engine.Interruptions > 0);
        }
    }

    [Theory]
    [InlineData(Medium.Xfs, EngineKind.IoUring)]
    [InlineData(Medium.Xfs, EngineKind.Workers)]
    [InlineData(Medium.XfsOf4K, EngineKind.IoUring)]
    public void Leaves_the_original_of_a_clone_alone(Medium medium, EngineKind kind)
    {
        const int Size = 8 << 20;
        using var folder = new TestFolder(medium);
        var original = folder.Image(Size);
        var content = new byte[Size];
        Random.Shared.NextBytes(content.AsSpan(0, Size / 2));
        File.WriteAllBytes(original, content);
        using (var reactor = new TestReactor(new FileBackstore(folder.Clone(original), Size), Engines.Create(kind), 24))
        {
            var test = new ModelTest(reactor, Seed, [.. content]);
            test.Run(2000, 1 << 19);
            test.CheckAll();
        }
        Assert.True(File.ReadAllBytes(original).AsSpan().SequenceEqual(content));
    }

    [Theory]
    [InlineData(EngineKind.IoUring)]
    [InlineData(EngineKind.Workers)]
    public void A_size_that_ends_inside_a_block_keeps_its_last_sectors(EngineKind kind)
    {
        // The file ends where the volume ends: the last block is shorter than the store's alignment.
        const long Size = (1 << 20) + 1536;
        using var folder = new TestFolder(Medium.Here);
        using var reactor = new TestReactor(new FileBackstore(folder.Image(Size), Size, 4096), Engines.Create(kind), 24);
        var test = new ModelTest(reactor, Seed);
        test.Run(2000, 1 << 17);
        test.CheckAll();
    }

    [Fact]
    public void Splits_transfers_longer_than_a_bounce_buffer_and_than_a_system_call_takes()
    {
        const long Size = 8 << 20;
        using var folder = new TestFolder(Medium.Here);
        using var reactor = new TestReactor(new FileBackstore(folder.Image(Size), Size, 4096), Engines.Create(EngineKind.IoUring), 2);
        Write(512, TestSlot.MemoryLength - 512, 1); // through the bounce buffer
        Write(4096, TestSlot.MemoryLength, TestSlot.MostVectors); // 2048 vectors of 1024 bytes do not fit 4096-byte blocks
        Write(0, TestSlot.MemoryLength, 512); // direct

        using var small = new TestReactor(new FileBackstore(folder.Image(Size), Size), Engines.Create(EngineKind.IoUring), 2);
        WriteTo(small, 512, TestSlot.MemoryLength, TestSlot.MostVectors); // direct, more vectors than IOV_MAX

        void Write(long offset, int length, int vectors) => WriteTo(reactor, offset, length, vectors);

        static unsafe void WriteTo(TestReactor reactor, long offset, int length, int vectors)
        {
            var slot = reactor.Slots[1];
            slot.Set(BackstoreOperation.Write, offset, length);
            var memory = new Span<byte>(slot.Memory, length);
            Random.Shared.NextBytes(memory);
            var piece = TestSlot.MemoryLength / vectors;
            for (var i = 0; i < vectors; i++) slot.Vectors[i] = new Iovec { Base = slot.Memory + (i * piece), Length = (nuint)piece };
            slot.Request->VectorCount = vectors;
            reactor.Start(slot);
            while (!slot.IsDone) reactor.Turn();
            Assert.Equal(0, slot.Result);
            Assert.Equal(0, reactor.Run(BackstoreOperation.Read, offset, length));
            Assert.True(new Span<byte>(reactor.Slots[0].Memory, length).SequenceEqual(memory));
        }
    }
}

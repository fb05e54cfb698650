using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>What a file backstore says, refuses and guarantees.</summary>
public unsafe class FileBackstoreTests
{
    private const long Size = 4 << 20;

    [Fact]
    public void Says_how_it_does_its_io()
    {
        using var here = new TestFolder(Medium.Here);
        using var direct = new FileBackstore(here.Image(Size), Size);
        Assert.Contains("direct I/O", direct.Description);
        Assert.Equal(Size, direct.Size);

        using var ramfs = new TestFolder(Medium.Ramfs);
        using var buffered = new FileBackstore(ramfs.Image(Size), Size);
        Assert.Contains("refuses direct I/O", buffered.Description);
        Assert.Contains("cannot punch holes", buffered.Description);
        Assert.Equal(512, buffered.Alignment);

        using var asked = new FileBackstore(here.Image(Size), Size, way: FileWay.PageCache);
        Assert.Contains("page cache, as asked for", asked.Description);
        Assert.Equal(512, asked.Alignment);
    }

    [Theory]
    [InlineData(Medium.Here, FileWay.Direct, 512)]
    [InlineData(Medium.Here, FileWay.Direct, 4096)]
    [InlineData(Medium.XfsOf4K, FileWay.Direct, 512)]
    [InlineData(Medium.Here, FileWay.PageCache, 512)]
    [InlineData(Medium.Ramfs, FileWay.Direct, 512)]
    public void Memory_that_cannot_be_pinned_is_given_to_the_page_cache_only(Medium medium, FileWay way, int alignment)
    {
        using var folder = new TestFolder(medium);
        var engine = new RecordingEngine(Engines.Create(EngineKind.IoUring));
        using var reactor = new TestReactor(new FileBackstore(folder.Image(Size), Size, alignment, way), engine, 1);
        var slot = reactor.Slots[0];
        var isDirect = reactor.Backstore.Description.Contains("(direct I/O", StringComparison.Ordinal);
        Assert.Equal(way == FileWay.Direct && medium != Medium.Ramfs, isDirect);
        foreach (var (offset, length) in new[] { (0L, 65536L), (4096L, 1L << 20), (512L, 65536L), (8192L, 4096L) })
        {
            var data = new byte[length];
            Random.Shared.NextBytes(data);
            var memory = new Span<byte>(slot.Memory, (int)length);
            data.CopyTo(memory);
            Assert.Equal(0, reactor.Run(BackstoreOperation.Write, offset, length, unpinnable: true));
            memory.Clear();
            Assert.Equal(0, reactor.Run(BackstoreOperation.Read, offset, length, unpinnable: true));
            Assert.True(memory.SequenceEqual(data));
        }

        Assert.Equal(!isDirect, engine.Requests.Exists(IsOwnMemory));
        engine.Requests.Clear();
        Assert.Equal(0, reactor.Run(BackstoreOperation.Read, 0, 65536));
        Assert.True(engine.Requests.TrueForAll(IsOwnMemory));

        bool IsOwnMemory(IoRequest request) => request.Vectors >= slot.Vectors && request.Vectors < slot.Vectors + TestSlot.MostVectors;
    }

    [Theory]
    [InlineData(Medium.Ext4Of4K)]
    [InlineData(Medium.XfsOf4K)]
    public void Finds_the_block_size_of_the_disk_below(Medium medium)
    {
        using var folder = new TestFolder(medium);
        using var backstore = new FileBackstore(folder.Image(Size), Size);
        Assert.Equal(4096, backstore.Alignment);
        Assert.Contains("direct I/O, 4096-byte blocks", backstore.Description);
    }

    [Fact]
    public void Refuses_what_it_cannot_serve()
    {
        using var folder = new TestFolder(Medium.Here);
        var image = folder.Image(Size);
        Assert.Contains("missing.img", Assert.Throws<IOException>(() => new FileBackstore(folder.Path + "/missing.img", Size)).Message);
        Assert.Contains(folder.Path, Assert.Throws<IOException>(() => new FileBackstore(folder.Path, Size)).Message);
        var tooShort = Assert.Throws<IOException>(() => new FileBackstore(image, Size + 512));
        Assert.Contains(image, tooShort.Message);
        Assert.Contains($"{Size} bytes", tooShort.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileBackstore(image, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileBackstore(image, 513));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileBackstore(image, Size, 8192));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileBackstore(image, Size, 1000));
        Assert.DoesNotContain(Directory.GetFiles("/proc/self/fd"), link => File.ResolveLinkTarget(link, false)?.FullName == image);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Refuses_ranges_that_are_not_its_own(int alignment)
    {
        using var folder = new TestFolder(Medium.Here);
        using var reactor = Reactor(folder, alignment);
        foreach (var operation in new[] { BackstoreOperation.Read, BackstoreOperation.Write, BackstoreOperation.Discard, BackstoreOperation.WriteZeroes })
        {
            foreach (var (offset, length) in new[]
            {
                (Size, 512L), (Size - 512, 1024L), (-512L, 512L), (0L, -512L), (long.MaxValue - 511, 512L), (512L, long.MaxValue - 511), (1L, 512L), (0L, 100L),
            })
            {
                Assert.Equal(-Errno.InvalidArgument, reactor.Run(operation, offset, length));
            }
            Assert.Equal(0, reactor.Run(operation, Size, 0));
        }
        var slot = reactor.Slots[0];
        slot.Set(BackstoreOperation.Read, 0, 4096);
        slot.Vectors[0].Length = 4095;
        reactor.Start(slot);
        Assert.True(slot.IsDone);
        Assert.Equal(-Errno.InvalidArgument, slot.Result);
    }

    [Theory]
    [InlineData(Medium.Here, 512, EngineKind.IoUring)]
    [InlineData(Medium.Here, 4096, EngineKind.IoUring)]
    [InlineData(Medium.Here, 512, EngineKind.Workers)]
    [InlineData(Medium.SharedMemory, 512, EngineKind.IoUring)]
    [InlineData(Medium.Ramfs, 4096, EngineKind.Workers)]
    public void A_file_that_was_cut_off_gives_an_error_and_no_zeroes(Medium medium, int alignment, EngineKind kind)
    {
        using var folder = new TestFolder(medium);
        var image = folder.Image(Size);
        using var reactor = new TestReactor(new FileBackstore(image, Size, alignment), Engines.Create(kind), 2);
        foreach (var end in new[] { 100_000, 98_304, 512, 0 })
        {
            using (var file = new FileStream(image, FileMode.Open)) file.SetLength(end);
            Assert.Equal(-Errno.InputOutput, reactor.Run(BackstoreOperation.Read, 65536, 65536));
            Assert.Equal(-Errno.InputOutput, reactor.Run(BackstoreOperation.Read, 98304, 512 * 5));
            Assert.Equal(-Errno.InputOutput, reactor.Run(BackstoreOperation.Read, Size - 1024, 512));
            if (alignment == 4096) Assert.Equal(-Errno.InputOutput, reactor.Run(BackstoreOperation.Write, Size - 1024, 512));
        }
        Assert.Equal(0, new FileInfo(image).Length);
    }

    [Theory]
    [InlineData(512, EngineKind.IoUring)]
    [InlineData(4096, EngineKind.IoUring)]
    [InlineData(512, EngineKind.Workers)]
    public void A_full_file_system_is_reported(int alignment, EngineKind kind)
    {
        using var folder = new TestFolder(Medium.Small);
        using var reactor = new TestReactor(new FileBackstore(folder.Image(Size), Size, alignment), Engines.Create(kind), 2);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, 0, 512 * 1024));
        Assert.Equal(-Errno.NoSpace, reactor.Run(BackstoreOperation.Write, 512 * 1024, 1 << 20)); // a part of it fits
        Assert.Equal(-Errno.NoSpace, reactor.Run(BackstoreOperation.Write, (2 << 20) + 512, 1024));
        Assert.Equal(0, reactor.Run(BackstoreOperation.Discard, 0, Size));
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, 2 << 20, 512 * 1024));
    }

    [Theory]
    [InlineData(BackstoreOperation.Discard)]
    [InlineData(BackstoreOperation.WriteZeroes)]
    public void Discards_and_zeroes_make_holes(BackstoreOperation operation)
    {
        using var folder = new TestFolder(Medium.Here);
        using var reactor = Reactor(folder, 512);
        var backstore = reactor.Backstore;
        Assert.False(backstore.IsAllocated(0, out var length));
        Assert.Equal(Size, length);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, 1 << 20, 1 << 20));
        Assert.False(backstore.IsAllocated(4096, out length));
        Assert.Equal((1 << 20) - 4096, length);
        Assert.True(backstore.IsAllocated(1 << 20, out length));
        Assert.Equal(1 << 20, length);
        Assert.True(backstore.IsAllocated((1 << 20) + 512, out length));
        Assert.Equal((1 << 20) - 512, length);

        Assert.Equal(0, reactor.Run(operation, (1 << 20) + 512, 512 * 1024));
        Assert.True(backstore.IsAllocated(1 << 20, out length)); // the block that keeps its first sector
        Assert.Equal(4096, length);
        Assert.False(backstore.IsAllocated((1 << 20) + 4096, out length));
        Assert.Equal(508 * 1024, length);
        Assert.False(backstore.IsAllocated(Size - 512, out length));
        Assert.Equal(512, length);
        Assert.False(backstore.IsAllocated(Size, out length));
        Assert.Equal(0, length);
    }

    [Fact]
    public void Durable_means_durable()
    {
        using var folder = new TestFolder(Medium.Here);
        using var ramfs = new TestFolder(Medium.Ramfs);
        var engine = new RecordingEngine(Engines.Create(EngineKind.IoUring));
        using var reactor = new TestReactor(new FileBackstore(folder.Image(Size), Size), engine, 2);
        Check(BackstoreOperation.Flush, false, [(IoOperation.DataSync, false)]);
        Check(BackstoreOperation.Write, false, [(IoOperation.Write, false)]);
        Check(BackstoreOperation.Write, true, [(IoOperation.Write, true)]);
        Check(BackstoreOperation.Read, true, [(IoOperation.Read, false)]);
        Check(BackstoreOperation.Discard, false, [(IoOperation.Allocate, false)]);
        Check(BackstoreOperation.Discard, true, [(IoOperation.Allocate, false), (IoOperation.DataSync, false)]);
        Check(BackstoreOperation.WriteZeroes, true, [(IoOperation.Allocate, false), (IoOperation.DataSync, false)]);

        using var bouncing = new TestReactor(new FileBackstore(folder.Image(Size), Size, 4096), engine, 2);
        Check(BackstoreOperation.Write, true, [(IoOperation.Read, false), (IoOperation.Write, true)], bouncing);
        using var writing = new TestReactor(new FileBackstore(ramfs.Image(Size), Size, 4096), engine, 2);
        Check(BackstoreOperation.WriteZeroes, true, [(IoOperation.Read, false), (IoOperation.Write, true)], writing);

        void Check(BackstoreOperation operation, bool durable, (IoOperation, bool)[] expected, TestReactor? other = null)
        {
            engine.Requests.Clear();
            Assert.Equal(0, (other ?? reactor).Run(operation, 0, 512, durable));
            Assert.Equal(expected, engine.Requests.Select(request => (request.Operation, request.DataSync)));
        }
    }

    [Fact]
    public void Only_partial_writes_run_alone()
    {
        using var folder = new TestFolder(Medium.Here);
        using var ramfs = new TestFolder(Medium.Ramfs);
        using var fine = new FileBackstore(folder.Image(Size), Size);
        using var coarse = new FileBackstore(folder.Image(Size), Size, 4096);
        using var withoutHoles = new FileBackstore(ramfs.Image(Size), Size, 4096);
        Assert.True(Needs(coarse, BackstoreOperation.Write, 512, 4096));
        Assert.True(Needs(coarse, BackstoreOperation.Write, 0, 512));
        Assert.False(Needs(coarse, BackstoreOperation.Write, 4096, 8192));
        Assert.False(Needs(coarse, BackstoreOperation.Read, 512, 512));
        Assert.False(Needs(coarse, BackstoreOperation.Discard, 512, 512)); // the kernel zeroes parts of blocks itself
        Assert.False(Needs(fine, BackstoreOperation.Write, 512, 512));
        Assert.True(Needs(withoutHoles, BackstoreOperation.Discard, 512, 512));
        Assert.False(Needs(withoutHoles, BackstoreOperation.Flush, 0, 0));

        static bool Needs(FileBackstore backstore, BackstoreOperation operation, long offset, long length)
        {
            var request = new BackstoreRequest { Operation = operation, Offset = offset, Length = length };
            return backstore.NeedsExclusive(in request);
        }
    }

    [Fact]
    public void Grows_when_its_file_has_grown()
    {
        using var folder = new TestFolder(Medium.Here);
        var image = folder.Image(Size);
        using var reactor = new TestReactor(new FileBackstore(image, Size), Engines.Create(EngineKind.IoUring), 2);
        var backstore = reactor.Backstore;
        Assert.Throws<IOException>(() => backstore.Grow(2 * Size));
        Assert.Throws<ArgumentOutOfRangeException>(() => backstore.Grow(Size - 512));
        Assert.Throws<ArgumentOutOfRangeException>(() => backstore.Grow(Size + 1));
        Assert.Equal(Size, backstore.Size);
        Assert.Equal(-Errno.InvalidArgument, reactor.Run(BackstoreOperation.Write, Size, 4096));
        using (var file = new FileStream(image, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(2 * Size);
        backstore.Grow(2 * Size);
        Assert.Equal(2 * Size, backstore.Size);
        Assert.Equal(0, reactor.Run(BackstoreOperation.Write, (2 * Size) - 4096, 4096));
    }

    [Theory]
    [InlineData(Medium.Ramfs, EngineKind.IoUring, 512)]
    [InlineData(Medium.Ramfs, EngineKind.Workers, 512)]
    [InlineData(Medium.Ramfs, EngineKind.IoUring, 4096)]
    [InlineData(Medium.SharedMemory, EngineKind.IoUring, 4096)]
    public void Allocates_nothing_over_a_hundred_thousand_requests(Medium medium, EngineKind kind, int alignment)
    {
        // In memory, because a disk would add nothing but time.
        using var folder = new TestFolder(medium);
        var image = folder.Image(Size);
        using var reactor = new TestReactor(new FileBackstore(image, Size, alignment), Engines.Create(kind), 16);
        var before = 0L;
        for (var done = 0; done < 110_000; done += 16)
        {
            if (done >= 10_000 && before == 0) before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 16; i++)
            {
                var operation = i switch
                {
                    < 7 => BackstoreOperation.Read,
                    < 14 => BackstoreOperation.Write,
                    14 => BackstoreOperation.Discard,
                    _ => BackstoreOperation.Flush,
                };
                reactor.Slots[i].Set(operation, i * 8192L, (done & 16) == 0 ? 4096 : 512, forceUnitAccess: i == 13);
                reactor.Start(reactor.Slots[i]);
            }
            for (var i = 0; i < 16; i++)
            {
                while (!reactor.Slots[i].IsDone) reactor.Turn();
                if (reactor.Slots[i].Result != 0) Assert.Fail($"{reactor.Slots[i].Result}");
            }
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static TestReactor Reactor(TestFolder folder, int alignment) =>
        new(new FileBackstore(folder.Image(Size), Size, alignment), Engines.Create(EngineKind.IoUring), 4);
}

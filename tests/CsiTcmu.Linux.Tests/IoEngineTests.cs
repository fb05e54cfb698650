using System.Diagnostics;
using System.IO.Pipes;

namespace CsiTcmu.Linux.Tests;

/// <summary>What every engine must do; run for each of them.</summary>
public abstract unsafe class IoEngineTests
{
    // Far beyond anything that a loaded machine does to a thread: a wait that lasts longer has lost what should have ended it.
    private const int HangMilliseconds = 60_000;

    protected abstract IIoEngine Create(int queueDepth);

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

    [Fact]
    public void Waits_out_its_time_when_nothing_happens()
    {
        using var engine = Create(4);
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        Assert.Equal(0, engine.Wait(completions, 0));
        Assert.Equal(0, engine.Wait(completions, 20));
        Assert.Equal(0, engine.Wait(completions, 1));
        Assert.Throws<ArgumentException>(() => engine.Wait([], 0));
    }

    [Fact]
    public void Wake_ends_the_next_wait_when_it_comes_first()
    {
        using var engine = Create(4);
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        engine.Wake();
        engine.Wake();
        WaitAwhile(engine, completions);
        engine.Wake();
        WaitAwhile(engine, completions);
    }

    [Fact]
    public void No_wake_is_lost_in_turns_with_another_thread()
    {
        const int Turns = 100_000;
        using var engine = Create(4);
        var asked = 0;
        var answered = 0;
        var waker = new Thread(() =>
        {
            for (var turn = 1; turn <= Turns; turn++)
            {
                Volatile.Write(ref asked, turn);
                engine.Wake();
                while (Volatile.Read(ref answered) < turn)
                {
                    if (Volatile.Read(ref answered) < 0) return;
                    Thread.Yield();
                }
            }
        });
        waker.Start();
        try
        {
            Span<IoCompletion> completions = stackalloc IoCompletion[4];
            for (var turn = 1; turn <= Turns; turn++)
            {
                while (Volatile.Read(ref asked) < turn) WaitAwhile(engine, completions);
                Volatile.Write(ref answered, turn);
            }
        }
        finally
        {
            if (answered != Turns) Volatile.Write(ref answered, -1);
            waker.Join();
        }
    }

    [Fact]
    public void No_wake_is_lost_among_millions_from_two_threads()
    {
        const int Each = 1_500_000;
        using var engine = Create(4);
        var sent = 0;
        void SendAll()
        {
            for (var i = 0; i < Each; i++)
            {
                Interlocked.Increment(ref sent);
                engine.Wake();
                if ((i & 1023) == 0) Thread.Yield();
            }
        }
        var wakers = new[] { new Thread(SendAll), new Thread(SendAll) };
        foreach (var waker in wakers) waker.Start();
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        while (Volatile.Read(ref sent) < Each * 2) WaitAwhile(engine, completions);
        foreach (var waker in wakers) waker.Join();
    }

    [Fact]
    public void Reports_a_readable_descriptor_until_unwatched()
    {
        using var engine = Create(4);
        using var readable = new EventFile();
        using var silent = new EventFile();
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        engine.Watch(readable.File, ulong.MaxValue);
        engine.Watch(silent.File, 5);
        for (var round = 0; round < 1000; round++)
        {
            readable.Signal();
            var count = WaitSome(engine, completions);
            foreach (var completion in completions[..count])
            {
                Assert.Equal(ulong.MaxValue, completion.Token);
                Assert.True((completion.Result & PollEntry.Readable) != 0);
            }
            _ = readable.Take();
        }
        engine.Unwatch(readable.File, ulong.MaxValue);
        while (engine.Wait(completions, 0) > 0) { }
        readable.Signal();
        Assert.Equal(0, engine.Wait(completions, 50));
        engine.Unwatch(readable.File, 17); // unknown: nothing happens
    }

    [Fact]
    public void A_descriptor_that_is_readable_before_its_watch_is_reported()
    {
        using var engine = Create(4);
        using var readable = new EventFile();
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        readable.Signal();
        engine.Watch(readable.File, 9);
        Assert.Equal(1, WaitSome(engine, completions));
        Assert.Equal(9UL, completions[0].Token);
    }

    [Fact]
    public void A_watch_of_no_descriptor_is_reported_as_an_error_once()
    {
        using var engine = Create(4);
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        engine.Watch(999_999, 3);
        Assert.Equal(1, WaitSome(engine, completions));
        Assert.Equal(-Errno.BadDescriptor, completions[0].Result);
        Assert.Equal(0, engine.Wait(completions, 20));
        engine.Unwatch(999_999, 3);
        Assert.Equal(0, engine.Wait(completions, 20));
    }

    [Fact]
    public void A_file_that_is_unwatched_and_closed_is_closed_at_once()
    {
        using var engine = Create(4);
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        for (var round = 0; round < 200; round++)
        {
            using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
            using var reader = writer.ClientSafePipeHandle;
            var file = (int)reader.DangerousGetHandle();
            engine.Watch(file, 1);
            if ((round & 1) == 0) _ = engine.Wait(completions, 0);
            engine.Unwatch(file, 1);
            reader.Dispose();
            byte nothing = 0;
            Assert.Equal(-32, Syscalls.Write((int)writer.SafePipeHandle.DangerousGetHandle(), &nothing, 1)); // EPIPE: no reader is left
        }
    }

    [Fact]
    public void No_event_is_lost_between_two_threads()
    {
        const int Turns = 60_000;
        using var engine = Create(4);
        using var events = new EventFile();
        var answered = 0L;
        var stopped = false;
        var sender = new Thread(() =>
        {
            for (var turn = 1; turn <= Turns; turn++)
            {
                events.Signal();

                // Mostly one by one, so that a lost event stops the test; sometimes several at once.
                while (turn % 7 != 0 && Volatile.Read(ref answered) < turn && !Volatile.Read(ref stopped)) Thread.Yield();
            }
        });
        engine.Watch(events.File, 1);
        sender.Start();
        try
        {
            Span<IoCompletion> completions = stackalloc IoCompletion[4];
            while (answered < Turns)
            {
                if (WaitSome(engine, completions) > 0) Volatile.Write(ref answered, answered + (long)events.Take());
            }
        }
        finally
        {
            Volatile.Write(ref stopped, true);
            sender.Join();
        }
        Assert.Equal(Turns, answered);
    }

    [Fact]
    public void Watches_a_thousand_descriptors_beside_requests_and_loses_no_report()
    {
        // More than the completion ring of a small engine holds: the rest waits in the kernel.
        const int Count = 1000;
        using var file = new TemporaryFile(4096);
        using var memory = new NativeBlock(4096);
        using var engine = Create(2);
        var events = Enumerable.Range(0, Count).Select(_ => new EventFile()).ToArray();
        try
        {
            for (var i = 0; i < Count; i++) engine.Watch(events[i].File, (ulong)i);
            Span<IoCompletion> completions = stackalloc IoCompletion[16];
            var vector = new Iovec { Base = memory.Address, Length = 512 };
            for (var round = 0; round < 5; round++)
            {
                foreach (var one in events) one.Signal();
                var reported = new HashSet<ulong>();
                Assert.True(engine.TryQueue(Read(file.File, 0, &vector, 1) with { Token = 5000 }));
                while (reported.Count < Count + 1)
                {
                    foreach (var completion in completions[..WaitSome(engine, completions)])
                    {
                        reported.Add(completion.Token);
                        if (completion.Token < Count) _ = events[completion.Token].Take();
                    }
                }
            }
            for (var i = 0; i < Count; i += 2) engine.Unwatch(events[i].File, (ulong)i);
            while (engine.Wait(completions, 0) > 0) { }
            foreach (var one in events) one.Signal();
            var odd = new HashSet<ulong>();
            while (odd.Count < Count / 2)
            {
                foreach (var completion in completions[..WaitSome(engine, completions)])
                {
                    Assert.True(completion.Token % 2 == 1);
                    odd.Add(completion.Token);
                    _ = events[completion.Token].Take();
                }
            }
        }
        finally
        {
            foreach (var one in events) one.Dispose();
        }
    }

    [Fact]
    public void A_watch_in_the_place_of_an_earlier_one_gets_none_of_its_reports()
    {
        using var engine = Create(4);
        using var first = new EventFile();
        using var second = new EventFile();
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        for (var round = 0; round < 500; round++)
        {
            engine.Watch(first.File, 1);
            _ = engine.Wait(completions, 0);
            first.Signal(); // a report of it may be on its way now
            engine.Unwatch(first.File, 1);
            engine.Watch(second.File, 2);
            var count = engine.Wait(completions, 0);
            Assert.All(completions[..count].ToArray(), completion => Assert.Equal(1UL, completion.Token));
            engine.Unwatch(second.File, 2);
            _ = first.Take();
        }
    }

    [Fact]
    public void Dispose_waits_for_requests_in_flight()
    {
        const int Count = 64;
        const int Length = 128 * 1024;
        using var file = new TemporaryFile(Count * Length, OpenFlags.Direct);
        using var watched = new EventFile();
        using (var memory = new NativeBlock(Length))
        {
            memory.Span.Fill(0xA5);
            var vectors = stackalloc Iovec[Count];
            var engine = Create(Count);
            engine.Watch(watched.File, 7);
            for (var i = 0; i < Count; i++)
            {
                vectors[i] = new Iovec { Base = memory.Address, Length = Length };
                Assert.True(engine.TryQueue(Write(file.File, (long)i * Length, vectors + i, 1) with { DataSync = true }));
            }
            engine.Dispose();
            engine.Dispose();

            // From here on the memory belongs to somebody else: nothing of this may reach the file.
            memory.Span.Fill(0x5A);
        }
        Assert.All(File.ReadAllBytes(file.Path), value => Assert.Equal(0xA5, value));
    }

    [Fact]
    public void Dispose_is_safe_beside_threads_that_wake()
    {
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        for (var round = 0; round < 100; round++)
        {
            var engine = Create(4);
            var stop = false;
            var waker = new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    engine.Wake();
                    Thread.Yield();
                }
            });
            waker.Start();
            for (var i = 0; i < 20; i++) _ = engine.Wait(completions, 1);
            engine.Dispose();

            // A wake that wrote to the closed descriptor would hit this one, which takes its number.
            using var bystander = new EventFile();
            for (var i = 0; i < 20; i++) Thread.Yield();
            Volatile.Write(ref stop, true);
            waker.Join();
            Assert.Equal(0UL, bystander.Take());
        }
    }

    [Fact]
    public void May_be_made_on_one_thread_and_used_and_disposed_on_another()
    {
        var engine = Create(4);
        engine.Wake();
        var failure = "";
        var owner = new Thread(() =>
        {
            try
            {
                using (engine)
                {
                    Span<IoCompletion> completions = stackalloc IoCompletion[4];
                    WaitAwhile(engine, completions);
                    Assert.Equal(-Errno.BadDescriptor, Run(engine, new IoRequest { Operation = IoOperation.DataSync, File = -1 }));
                }
            }
#pragma warning disable CA1031 // the test's own thread hears of it
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = exception.ToString();
            }
        });
        owner.Start();
        owner.Join();
        Assert.Equal("", failure);
    }

    [Fact]
    public void May_be_disposed_after_its_thread_has_ended()
    {
        using var file = new TemporaryFile(1 << 20, OpenFlags.Direct);
        using var memory = new NativeBlock(1 << 20);
        using var events = new EventFile();
        var engine = Create(4);
        var vector = (Iovec*)System.Runtime.InteropServices.NativeMemory.Alloc((nuint)sizeof(Iovec));
        *vector = new Iovec { Base = memory.Address, Length = (nuint)memory.Length };
        var owner = new Thread(() =>
        {
            engine.Watch(events.File, 1);
            Assert.True(engine.TryQueue(Write(file.File, 0, vector, 1)));
            Span<IoCompletion> completions = stackalloc IoCompletion[1];
            _ = engine.Wait(completions, 0);
        });
        owner.Start();
        owner.Join();
        engine.Dispose();
        System.Runtime.InteropServices.NativeMemory.Free(vector);
    }

    [Fact]
    public void Was_never_used_and_is_disposed()
    {
        var engine = Create(4);
        engine.Dispose();
        engine.Wake();
    }

    [Fact]
    public void Allocates_nothing_over_a_hundred_thousand_operations()
    {
        using var file = new TemporaryFile(1 << 20);
        using var memory = new NativeBlock(64 * 1024);
        using var events = new EventFile();
        using var engine = Create(32);
        var vectors = stackalloc Iovec[2];
        vectors[0] = new Iovec { Base = memory.Address, Length = 512 };
        vectors[1] = new Iovec { Base = memory.Address + 4096, Length = 512 };
        Span<IoCompletion> completions = stackalloc IoCompletion[32];
        engine.Watch(events.File, ulong.MaxValue);
        var before = 0L;
        for (var done = 0; done < 110_000;)
        {
            if (done is >= 10_000 and < 10_100 && before == 0) before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 8; i++)
            {
                var request = (i & 1) == 0 ? Read(file.File, 4096 * i, vectors, 1 + (i & 2) / 2) : Write(file.File, 4096 * i, vectors, 2);
                if (!engine.TryQueue(request)) throw new InvalidOperationException("full");
            }
            if ((done & 64) != 0) events.Signal();
            for (var left = 8; left > 0;)
            {
                foreach (var completion in completions[..engine.Wait(completions, -1)])
                {
                    if (completion.Token == ulong.MaxValue) _ = events.Take();
                    else left--;
                }
            }
            engine.Wake();
            done += 8;
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static IoRequest Read(int file, long offset, Iovec* vectors, int count) =>
        new() { Operation = IoOperation.Read, File = file, Offset = offset, Vectors = vectors, VectorCount = count };

    private static IoRequest Write(int file, long offset, Iovec* vectors, int count) =>
        Read(file, offset, vectors, count) with { Operation = IoOperation.Write };

    private static int Run(IIoEngine engine, IoRequest request, nuint shorten = 0)
    {
        if (shorten > 0) request.Vectors->Length = shorten;
        request.Token = 77;
        Assert.True(engine.TryQueue(in request));
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        Assert.Equal(1, WaitSome(engine, completions));
        Assert.Equal(77UL, completions[0].Token);
        return completions[0].Result;
    }

    /// <summary>Waits until there are completions.</summary>
    private static int WaitSome(IIoEngine engine, Span<IoCompletion> completions)
    {
        while (true)
        {
            var count = WaitAwhile(engine, completions);
            if (count > 0) return count;
        }
    }

    /// <summary>One wait, which must be ended by something.</summary>
    private static int WaitAwhile(IIoEngine engine, Span<IoCompletion> completions)
    {
        var start = Stopwatch.GetTimestamp();
        var count = engine.Wait(completions, HangMilliseconds);
        if (Stopwatch.GetElapsedTime(start).TotalMilliseconds >= HangMilliseconds) Assert.Fail("The wait was ended by nothing.");
        return count;
    }

    /// <summary>Bytes of the file that are not holes.</summary>
    private static long DataLength(TemporaryFile file)
    {
        const int SeekData = 3;
        const int SeekHole = 4;
        var length = 0L;
        for (long at = 0, data; (data = Syscalls.Seek(file.File, at, SeekData)) >= 0;)
        {
            at = Syscalls.Seek(file.File, data, SeekHole);
            length += at - data;
        }
        return length;
    }
}

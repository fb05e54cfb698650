using System.IO.Pipes;

namespace CsiTcmu.Linux.Tests;

// Descriptors that become readable.
public abstract unsafe partial class IoEngineTests
{
    [Fact]
    public void Reports_a_readable_descriptor_once_per_watch()
    {
        using var engine = Create(4);
        using var readable = new EventFile();
        using var silent = new EventFile();
        Span<IoCompletion> completions = stackalloc IoCompletion[4];
        engine.Watch(silent.File, 5);
        for (var round = 0; round < 1000; round++)
        {
            engine.Watch(readable.File, ulong.MaxValue);
            if ((round & 1) == 0) Assert.Equal(0, engine.Wait(completions, 0));
            readable.Signal();
            Assert.Equal(1, WaitSome(engine, completions));
            Assert.Equal(ulong.MaxValue, completions[0].Token);
            Assert.True((completions[0].Result & PollEntry.Readable) != 0);
            readable.Signal();
            Assert.Equal(0, engine.Wait(completions, 0));
            _ = readable.Take();
        }
        engine.Watch(readable.File, ulong.MaxValue);
        Assert.Equal(0, engine.Wait(completions, 0));
        engine.Unwatch(readable.File, ulong.MaxValue);
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
                if (WaitSome(engine, completions) == 0) continue;
                Volatile.Write(ref answered, answered + (long)events.Take());
                engine.Watch(events.File, 1);
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
            Span<IoCompletion> completions = stackalloc IoCompletion[16];
            var vector = new Iovec { Base = memory.Address, Length = 512 };
            for (var round = 0; round < 5; round++)
            {
                // Half of them are readable before they are watched.
                for (var i = 0; i < Count; i += 2) events[i].Signal();
                for (var i = 0; i < Count; i++) engine.Watch(events[i].File, (ulong)i);
                for (var i = 1; i < Count; i += 2) events[i].Signal();
                var reported = new HashSet<ulong>();
                Assert.True(engine.TryQueue(Read(file.File, 0, &vector, 1) with { Token = 5000 }));
                while (reported.Count < Count + 1)
                {
                    foreach (var completion in completions[..WaitSome(engine, completions)])
                    {
                        Assert.True(reported.Add(completion.Token));
                        if (completion.Token < Count) _ = events[completion.Token].Take();
                    }
                }
            }
            for (var i = 0; i < Count; i++) engine.Watch(events[i].File, (ulong)i);
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
}

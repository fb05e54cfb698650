namespace CsiTcmu.Linux.Tests;

// From the thread that makes an engine to its end.
public abstract unsafe partial class IoEngineTests
{
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
}

using System.Diagnostics;

namespace CsiTcmu.Linux.Tests;

/// <summary>What every engine must do; run for each of them.</summary>
public abstract unsafe partial class IoEngineTests
{
    // Far beyond anything that a loaded machine does to a thread: a wait that lasts longer has lost what should have ended it.
    private const int HangMilliseconds = 60_000;

    protected abstract IIoEngine Create(int queueDepth);

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
                    if (completion.Token != ulong.MaxValue)
                    {
                        left--;
                        continue;
                    }

                    _ = events.Take();
                    engine.Watch(events.File, ulong.MaxValue);
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

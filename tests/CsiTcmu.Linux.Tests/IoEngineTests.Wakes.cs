namespace CsiTcmu.Linux.Tests;

// Waiting, and being woken by other threads.
public abstract unsafe partial class IoEngineTests
{
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
}

using System.Collections.Concurrent;
using CsiTcmu.Kubernetes.Caching;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Kubernetes.Tests;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly Backoff s_backoff = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200));
    private readonly WorkQueue _queue = new(s_backoff);
    private readonly CancellationTokenSource _end = new(TimeSpan.FromSeconds(30));

    public void Dispose()
    {
        _queue.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task Key_is_worked_on_by_one_at_a_time_and_again_when_added_meanwhile()
    {
        var (running, most, times) = (0, 0, 0);
        var first = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        var work = _queue.RunAsync(
            4,
            async (_, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                if (Interlocked.Increment(ref times) == 1)
                {
                    // Added three times while it is worked on: once more, not three times more.
                    for (var i = 0; i < 3; i++) _queue.Add("a");
                    await Task.Delay(50, CancellationToken.None);
                    first.SetResult();
                }
                else
                {
                    second.TrySetResult();
                }

                Interlocked.Decrement(ref running);
                return true;
            },
            NullLogger.Instance, _end.Token);

        _queue.Add("a");
        await Task.WhenAll(first.Task, second.Task).WaitAsync(_end.Token);
        await Task.Delay(100);

        Assert.Equal(1, most);
        Assert.Equal(2, times);
        await _end.CancelAsync();
        await work;
    }

    [Fact]
    public async Task Failed_key_comes_again_after_growing_pauses_and_holds_up_nobody()
    {
        var time = new ImpatientTime();
        using var queue = new WorkQueue(s_backoff, time);
        var times = 0;
        var other = new TaskCompletionSource();
        var done = new TaskCompletionSource();
        var work = queue.RunAsync(
            1,
            (key, _) =>
            {
                if (key == "good")
                {
                    other.SetResult();
                    return Task.FromResult(true);
                }

                times++;
                if (times == 2) throw new InvalidOperationException("an exception is a failure too");
                if (times == 5) done.SetResult();
                return Task.FromResult(times == 5);
            },
            NullLogger.Instance, _end.Token);

        queue.Add("bad");
        queue.Add("good");
        await other.Task.WaitAsync(_end.Token);
        await done.Task.WaitAsync(_end.Token);

        // Each is within a fifth of its nominal length.
        Assert.Equal(4, time.Pauses.Count);
        foreach (var (asked, nominal) in time.Pauses.Zip([20, 40, 80, 160])) Assert.InRange(asked.TotalMilliseconds, nominal * 0.8, nominal * 1.2);
        await _end.CancelAsync();
        await work;
    }

    [Fact]
    public async Task Earliest_time_counts()
    {
        var begun = DateTime.UtcNow;
        var came = new ConcurrentQueue<TimeSpan>();
        var work = _queue.RunAsync(
            1,
            (_, _) =>
            {
                came.Enqueue(DateTime.UtcNow - begun);
                return Task.FromResult(true);
            },
            NullLogger.Instance, _end.Token);

        _queue.AddAfter("a", TimeSpan.FromHours(1));
        _queue.AddAfter("a", TimeSpan.FromMilliseconds(50));
        _queue.AddAfter("a", TimeSpan.FromHours(1));
        while (came.IsEmpty) await Task.Delay(10, _end.Token);

        Assert.InRange(came.Single(), TimeSpan.FromMilliseconds(40), TimeSpan.FromSeconds(20));
        await _end.CancelAsync();
        await work;
    }

    [Fact]
    public void Pauses_double_up_to_the_longest()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        Assert.InRange(backoff.After(1), TimeSpan.FromSeconds(0.8), TimeSpan.FromSeconds(1.2));
        Assert.InRange(backoff.After(3), TimeSpan.FromSeconds(3.2), TimeSpan.FromSeconds(4.8));
        Assert.InRange(backoff.After(int.MaxValue), TimeSpan.FromSeconds(24), TimeSpan.FromSeconds(36));
    }

    /// <summary>Notes the pauses that are asked for, and lets none of them last.</summary>
    private sealed class ImpatientTime : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}

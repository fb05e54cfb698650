using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Caching;

/// <summary>
/// Keys that need work. A key is in the queue once, however often it is added, and no two workers have the same key: one that is added
/// while it is worked on comes again afterwards. A key whose work failed comes again after a pause that doubles.
/// </summary>
public sealed class WorkQueue : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Backoff _backoff;
    private readonly Channel<string> _ready = Channel.CreateUnbounded<string>();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _working = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _failures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Delay> _delays = new(StringComparer.Ordinal);

    /// <summary>An empty queue.</summary>
    /// <param name="backoff">Pauses after failures.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public WorkQueue(Backoff backoff, TimeProvider? time = null)
    {
        _backoff = backoff;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Adds a key.</summary>
    public void Add(string key)
    {
        lock (_gate)
        {
            if (_delays.Remove(key, out var delay)) delay.Timer.Dispose();
            if (_waiting.Add(key) && !_working.Contains(key)) _ready.Writer.TryWrite(key);
        }
    }

    /// <summary>Adds a key after a while; the earliest time counts.</summary>
    public void AddAfter(string key, TimeSpan pause)
    {
        lock (_gate)
        {
            var due = _time.GetUtcNow() + pause;
            if (_delays.TryGetValue(key, out var earlier))
            {
                if (earlier.Due <= due) return;
                earlier.Timer.Dispose();
            }

            _delays[key] = new Delay(due, _time.CreateTimer(_ => Add(key), null, pause, Timeout.InfiniteTimeSpan));
        }
    }

    /// <summary>Works until cancelled, so many keys at a time.</summary>
    /// <param name="workers">How many.</param>
    /// <param name="work">Deals with a key; false, or an exception, when the key shall come again.</param>
    /// <param name="logger">Takes the exceptions.</param>
    /// <param name="cancellationToken">Ends it; keys that are worked on are finished.</param>
    public Task RunAsync(int workers, Func<string, CancellationToken, Task<bool>> work, ILogger logger, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(work, logger, cancellationToken), CancellationToken.None)));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var delay in _delays.Values) delay.Timer.Dispose();
            _delays.Clear();
        }
    }

    private async Task WorkAsync(Func<string, CancellationToken, Task<bool>> work, ILogger logger, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            string key;
            try
            {
                key = await _ready.Reader.ReadAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            Begin(key);
            var done = false;
            try
            {
                done = await work(key, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Whatever it is, it is told, and the key comes again.
                logger.LogWarning(failure, "Work on {Key} failed: {Reason}", key, failure.Message);
            }
            finally
            {
                End(key, done);
            }
        }
    }

    private void Begin(string key)
    {
        lock (_gate)
        {
            _waiting.Remove(key);
            _working.Add(key);
        }
    }

    private void End(string key, bool done)
    {
        var pause = TimeSpan.Zero;
        lock (_gate)
        {
            _working.Remove(key);
            if (_waiting.Contains(key)) _ready.Writer.TryWrite(key);
            if (done)
            {
                _failures.Remove(key);
                return;
            }

            var failures = _failures.GetValueOrDefault(key) + 1;
            _failures[key] = failures;
            pause = _backoff.After(failures);
        }

        AddAfter(key, pause);
    }

    private readonly record struct Delay(DateTimeOffset Due, ITimer Timer);
}

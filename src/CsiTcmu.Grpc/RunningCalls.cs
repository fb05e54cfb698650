namespace CsiTcmu.Grpc;

/// <summary>Counts the calls whose service code runs, so that a stop can wait for them.</summary>
internal sealed class RunningCalls : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _stopping;

    /// <summary>Begins with none.</summary>
    public RunningCalls() => Aborted = _abort.Token;

    /// <summary>Fires when calls that still run must be given up.</summary>
    public CancellationToken Aborted { get; }

    /// <summary>Begins a call.</summary>
    /// <returns>False when the server stops; then there is nothing to leave.</returns>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_stopping)
                return false;
            _count++;
            return true;
        }
    }

    /// <summary>Ends a call.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_count == 0 && _stopping)
                _drained.TrySetResult();
        }
    }

    /// <summary>Lets no further call begin.</summary>
    /// <returns>Ends with the last call.</returns>
    public Task StopAsync()
    {
        lock (_lock)
        {
            _stopping = true;
            if (_count == 0)
                _drained.TrySetResult();
            return _drained.Task;
        }
    }

    /// <summary>Gives up the calls that still run.</summary>
    public void Abort() => _abort.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _abort.Dispose();
}

using CsiTcmu.Scsi;

namespace CsiTcmu.DataPlane;

/// <summary>Hold, growth, limits, fault and end: what other threads ask for through the reactor's mailbox.</summary>
internal sealed partial class ServedDisk
{
    private readonly List<Hold> _holds = [];
    private readonly TaskCompletionSource _detached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _faulted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopping;
    private bool _leaving;
    private string? _fault;

    /// <inheritdoc/>
    public LogicalUnit Unit => _medium.Unit;

    /// <inheritdoc/>
    public string? Fault => Volatile.Read(ref _fault);

    /// <inheritdoc/>
    public Task<string> Faulted => _faulted.Task;

    /// <summary>Ends when device, backstore and memory have been given back.</summary>
    public Task Closed { get; }

    /// <summary>Has the reactor take the disk.</summary>
    public async Task StartAsync()
    {
        try
        {
            var running = await _reactor.RunAsync(() => _reactor.Attach(this));
            ObjectDisposedException.ThrowIf(!running, typeof(ReactorPool));
        }
        catch
        {
            _detached.TrySetResult();
            await Closed;
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        var hold = new Hold(this);
        if (!_reactor.TryPost(() => Add(hold))) return hold;
        try
        {
            await hold.Granted.WaitAsync(cancellationToken);
            return hold;
        }
        catch
        {
            await hold.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task GrowAsync(long size)
    {
        // Held, because a backstore may move its memory.
        await using var hold = await HoldAsync(CancellationToken.None);
        if (!await _reactor.RunAsync(() => Grow(size))) throw NotServed();
    }

    /// <inheritdoc/>
    public async Task SetLimitsAsync(DiskLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        limits.Check();
        if (!await _reactor.RunAsync(() => SetLimits(limits))) throw NotServed();
    }

    /// <inheritdoc/>
    public Task StopAsync()
    {
        _reactor.TryPost(() =>
        {
            _stopping = true;
            if (IsAttached) _reactor.MakeReady(this);
        });
        return Closed;
    }

    private void Add(Hold hold)
    {
        _holds.Add(hold);
        if (_leaving) hold.Grant();
        else _reactor.MakeReady(this);
    }

    private void Remove(Hold hold)
    {
        if (_holds.Remove(hold) && !_leaving) _reactor.MakeReady(this);
    }

    private void Grow(long size)
    {
        var unit = Unit;
        if (_leaving || _stopping || _fault is not null) throw NotServed();
        var current = unit.Size;
        if (size < current || size % unit.BlockSize != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(size), size, $"A disk of {current} bytes can grow to a larger multiple of {unit.BlockSize} bytes only.");
        }

        if (size == current) return;
        _medium.Store.Grow(size);
        _medium.Unit = unit with { BlockCount = size / unit.BlockSize };
    }

    private void SetLimits(DiskLimits limits)
    {
        if (_leaving || _stopping || _fault is not null) throw NotServed();
        _throttle.Change(limits, _reactor.Clock.GetTimestamp());
        _reactor.MakeReady(this);
    }

    private InvalidOperationException NotServed() =>
        new($"The disk {Unit.SerialNumber} is not served any more{(_fault is null ? "" : $": {_fault}")}. Serve the device anew.");

    /// <summary>Gives everything back once the reactor has let go, away from its thread: a close may take long.</summary>
    private async Task CloseAsync()
    {
        await _detached.Task;
        try
        {
            _device.Dispose();
            _medium.Store.Dispose();
            _slots.Free();
        }
        finally
        {
            _forget(this);
        }

        if (_fault is { } reason) _faulted.SetResult(reason);
    }

    /// <summary>One wish that the disk be quiet.</summary>
    private sealed class Hold(ServedDisk disk) : IAsyncDisposable
    {
        private readonly TaskCompletionSource _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _ended;

        public Task Granted => _granted.Task;

        public void Grant() => _granted.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0) return;
            await disk._reactor.RunAsync(() => disk.Remove(this));
        }
    }
}

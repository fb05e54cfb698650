namespace CsiTcmu.Volumes;

public sealed partial class TcmuDiskAttacher
{
    /// <inheritdoc/>
    public async Task<IAsyncDisposable> HoldAsync(string id, CancellationToken cancellationToken)
    {
        CheckTakenOver(id);
        return _served.TryGetValue(id, out var served) && served.Fault is null ? await served.HoldAsync(cancellationToken) : new NothingToHold();
    }

    /// <summary>The hold of a disk that nobody serves.</summary>
    private sealed class NothingToHold : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

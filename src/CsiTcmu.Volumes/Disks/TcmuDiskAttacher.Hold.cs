using CsiTcmu.DataPlane;

namespace CsiTcmu.Volumes;

public sealed partial class TcmuDiskAttacher
{
    /// <inheritdoc/>
    public async Task<IAsyncDisposable> HoldAsync(string id, CancellationToken cancellationToken)
    {
        CheckTakenOver(id);
        return _served.TryGetValue(id, out var served) ? await served.HoldAsync(cancellationToken) : new NothingToHold();
    }

    /// <inheritdoc/>
    public Task ProtectAsync(string id, UncopiedRegions? regions) =>
        _served.TryGetValue(id, out var served) ? served.ProtectAsync(regions) : Task.CompletedTask;

    /// <summary>The hold of a disk that nobody serves.</summary>
    private sealed class NothingToHold : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

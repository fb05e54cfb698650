using CsiTcmu.Volumes;

namespace CsiTcmu.Csi.Tests;

/// <summary>Blocks of snapshots without an end; the real ones are behind the service in <see cref="SnapshotMetadataTests"/>.</summary>
internal sealed partial class MemoryVolumes
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a list of blocks is disposed.</summary>
    public Task Closed => _closed.Task;

    public async Task<BlockList> OpenAllocatedAsync(string id, long startingOffset)
    {
        await BeginAsync(nameof(OpenAllocatedAsync), CancellationToken.None);
        return new BlockList("main", long.MaxValue, Endless, new OnClose(_closed));
    }

    public async Task<BlockList> OpenChangedAsync(string baseId, string targetId, long startingOffset)
    {
        await BeginAsync(nameof(OpenChangedAsync), CancellationToken.None);
        return new BlockList("main", long.MaxValue, Endless, new OnClose(_closed));
    }

    private static IEnumerable<ByteRange> Endless(CancellationToken cancellationToken)
    {
        for (var offset = 0L; ; offset += 2)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ByteRange(offset, 1);
        }
    }

    private sealed class OnClose(TaskCompletionSource closed) : IDisposable
    {
        public void Dispose() => closed.TrySetResult();
    }
}

using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using CsiTcmu.Volumes;

namespace CsiTcmu.Csi.Tests;

/// <summary>A node without disks, but for those that a test says are there: what needs the kernel is tested on one.</summary>
internal sealed class NoDisks : IDiskAttacher
{
    public HashSet<string> Attached { get; } = new(StringComparer.Ordinal);

    public AttachedDisk? Find(string id) => Attached.Contains(id) ? new AttachedDisk("sdz", new DeviceNumber(65, 144)) : null;

    public DiskService? FindService(string id) => null;

    public Task<AttachedDisk> AttachAsync(DiskSpecification disk) => throw new NotSupportedException("This node has no disks.");

    public Task EnsureServedAsync(string id, DiskSpecification? disk) => Task.CompletedTask;

    public Task DetachAsync(string id, DiskSpecification? disk) => Task.CompletedTask;

    public Task GrowAsync(DiskSpecification disk) => Task.CompletedTask;

    public Dictionary<string, DiskSpecification> Limited { get; } = new(StringComparer.Ordinal);

    /// <summary>What setting limits waits for.</summary>
    public Task Limiting { get; set; } = Task.CompletedTask;

    public Task SetLimitsAsync(DiskSpecification disk)
    {
        Limited[disk.Id] = disk;
        return Limiting;
    }

    public Task<IAsyncDisposable> HoldAsync(string id, CancellationToken cancellationToken) => Task.FromResult<IAsyncDisposable>(new NothingHeld());

    public Task ProtectAsync(string id, UncopiedRegions? regions) => Task.CompletedTask;

    public Task<IReadOnlyList<TakenOver>> TakeOverAsync(Func<string, string, DiskSpecification?> find) =>
        Task.FromResult<IReadOnlyList<TakenOver>>([]);

    public Task StopAsync() => Task.CompletedTask;

    private sealed class NothingHeld : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

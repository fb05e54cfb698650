using CsiTcmu.DataPlane;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>An attacher whose disks are only names.</summary>
internal sealed class NoDisks : IDiskAttacher
{
    public HashSet<string> Present { get; } = [];

    public List<string> Calls { get; } = [];

    public List<DiskLimits> Limits { get; } = [];

    /// <summary>Is told what of a disk is kept from being written now.</summary>
    public Action<string, UncopiedRegions?> Protecting { get; set; } = (_, _) => { };

    /// <summary>Runs before a hold is granted.</summary>
    public Func<string, CancellationToken, Task> Holding { get; set; } = (_, _) => Task.CompletedTask;

    public AttachedDisk? Find(string id) => Present.Contains(id) ? new AttachedDisk("sdz", new DeviceNumber(65, 1)) : null;

    /// <summary>How disks are served.</summary>
    public Dictionary<string, DiskService> Services { get; } = [];

    public DiskService? FindService(string id) => Services.GetValueOrDefault(id);

    public Task<AttachedDisk> AttachAsync(DiskSpecification disk)
    {
        Present.Add(disk.Id);
        return Task.FromResult(Find(disk.Id)!);
    }

    public Task EnsureServedAsync(string id, DiskSpecification? disk) => Task.CompletedTask;

    public Task DetachAsync(string id, DiskSpecification? disk)
    {
        Calls.Add("detach " + id);
        Present.Remove(id);
        return Task.CompletedTask;
    }

    public Task GrowAsync(DiskSpecification disk)
    {
        Calls.Add($"grow {disk.Id} {disk.Size}");
        return Task.CompletedTask;
    }

    public Task SetLimitsAsync(DiskSpecification disk)
    {
        Limits.Add(disk.Limits);
        return Task.CompletedTask;
    }

    public async Task<IAsyncDisposable> HoldAsync(string id, CancellationToken cancellationToken)
    {
        await Holding(id, cancellationToken);
        Calls.Add("hold " + id);
        return new Held(() => Calls.Add("release " + id));
    }

    public Task ProtectAsync(string id, UncopiedRegions? regions)
    {
        Protecting(id, regions);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<TakenOver>> TakeOverAsync(Func<string, string, DiskSpecification?> find) =>
        Task.FromResult<IReadOnlyList<TakenOver>>([]);

    public Task StopAsync() => Task.CompletedTask;

    private sealed class Held(Action release) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            release();
            return ValueTask.CompletedTask;
        }
    }
}

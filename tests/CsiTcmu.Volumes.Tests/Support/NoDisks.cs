using CsiTcmu.DataPlane;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>An attacher whose disks are only names.</summary>
internal sealed class NoDisks : IDiskAttacher
{
    public HashSet<string> Present { get; } = [];

    public List<string> Calls { get; } = [];

    public List<DiskLimits> Limits { get; } = [];

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

    public Task<IReadOnlyList<TakenOver>> TakeOverAsync(Func<string, string, DiskSpecification?> find) =>
        Task.FromResult<IReadOnlyList<TakenOver>>([]);

    public Task StopAsync() => Task.CompletedTask;
}

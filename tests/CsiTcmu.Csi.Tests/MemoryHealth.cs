using CsiTcmu.Volumes;

namespace CsiTcmu.Csi.Tests;

/// <summary>Health that a test says, of volumes that exist in memory.</summary>
internal sealed class MemoryHealth(MemoryVolumes volumes) : INodeHealth
{
    /// <summary>What is wrong, by volume id.</summary>
    public Dictionary<string, HealthEntry[]> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>What is wrong with the pools.</summary>
    public List<PoolHealth> Pools { get; } = [];

    /// <summary>Volumes that are too damaged to be described.</summary>
    public HashSet<string> Damaged { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<string> LastPaths { get; private set; } = [];

    public async Task<VolumeHealth> GetAsync(string id, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        LastPaths = paths;
        return Of(await volumes.GetAsync(id, cancellationToken));
    }

    public async Task<HealthPage> ListAsync(int maximum, string token, bool abnormalOnly, CancellationToken cancellationToken)
    {
        var page = await volumes.ListAsync(abnormalOnly ? 0 : maximum, token, cancellationToken);
        if (!abnormalOnly) return new HealthPage([.. page.Volumes.Select(Of)], page.NextToken);
        List<VolumeHealth> all = [.. page.Volumes.Select(Of).Where(volume => volume.Entries.Count > 0)];
        return maximum == 0 || all.Count <= maximum ? new HealthPage(all, "") : new HealthPage([.. all.Take(maximum)], all[maximum - 1].Id);
    }

    public Task<IReadOnlyList<PoolHealth>> GetPoolsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<PoolHealth>>(Pools);

    private VolumeHealth Of(Volume volume) => new(volume.Id, Damaged.Contains(volume.Id) ? null : volume, Entries.GetValueOrDefault(volume.Id) ?? []);
}

using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    private readonly Questions _measurements = new(TimeSpan.FromSeconds(5));

    /// <inheritdoc/>
    IReadOnlyList<string> IPools.Names => [.. _pools.Select(pool => pool.Name)];

    /// <inheritdoc/>
    Task<PoolUsage> IPools.MeasureAsync(string pool, CancellationToken cancellationToken)
    {
        var measured = Candidates(pool)[0];
        return _measurements.AskAsync($"pool '{pool}'", () => Describe(InPool(measured, measured.Measure)), cancellationToken);
    }

    private static PoolUsage Describe(PoolRoom room) => new()
    {
        Size = room.Promises.Total,
        Free = room.Promises.Free,
        Reserved = room.Promises.Reserve,
        Promised = room.Promises.Promised + room.Promises.Beginning,
        Allocated = room.Promises.Allocated,
        Available = room.IsReadOnly ? 0 : Math.Max(0, room.Available),
    };
}

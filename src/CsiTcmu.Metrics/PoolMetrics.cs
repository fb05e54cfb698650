using CsiTcmu.Volumes;

namespace CsiTcmu.Metrics;

/// <summary>The pools of this node.</summary>
/// <param name="catalogue">The volumes.</param>
/// <param name="pools">Names of the pools.</param>
public sealed class PoolMetrics(IVolumeCatalogue catalogue, IReadOnlyList<string> pools) : IMetricsSource
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rooms = await Task.WhenAll(pools.Select(pool => MeasureAsync(pool, cancellationToken)));
        text.Family("csi_tcmu_pool_up", MetricType.Gauge, "1 when the pool answers, else 0.");
        for (var i = 0; i < pools.Count; i++) text.Value(rooms[i] is null ? 0 : 1, ("pool", pools[i]));
        text.Family("csi_tcmu_pool_available_bytes", MetricType.Gauge, "Bytes that new volumes can be promised.");
        for (var i = 0; i < pools.Count; i++)
        {
            if (rooms[i] is { } room) text.Value(room.Available, ("pool", pools[i]));
        }
    }

    private async Task<Room?> MeasureAsync(string pool, CancellationToken cancellationToken)
    {
        try
        {
            return await catalogue.GetRoomAsync(
                new Dictionary<string, string>(StringComparer.Ordinal) { ["pool"] = pool }, fileSystem: "", block: false, cancellationToken).WaitAsync(Patience, cancellationToken);
        }
        catch (Exception failure) when (failure is VolumeException or TimeoutException)
        {
            return null;
        }
    }
}

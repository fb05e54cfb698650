using CsiTcmu.Volumes;

namespace CsiTcmu.Metrics;

/// <summary>The pools of this node.</summary>
/// <param name="pools">The pools.</param>
public sealed class PoolMetrics(IPools pools) : IMetricsSource
{
    /// <inheritdoc/>
    public async Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var usages = await Task.WhenAll(pools.Names.Select(pool => MeasureAsync(pool, cancellationToken)));
        text.Family("csi_tcmu_pool_up", MetricType.Gauge, "1 when the pool answers, else 0.");
        foreach (var (pool, usage) in usages) text.Value(usage is null ? 0 : 1, ("pool", pool));
        Write(text, usages, "csi_tcmu_pool_size_bytes", "Size of the pool's file system.", usage => usage.Size);
        Write(text, usages, "csi_tcmu_pool_free_bytes", "Free bytes of the pool's file system.", usage => usage.Free);
        Write(text, usages, "csi_tcmu_pool_reserved_bytes", "Bytes that are never promised.", usage => usage.Reserved);
        Write(text, usages, "csi_tcmu_pool_promised_bytes", "Bytes that volumes have been promised.", usage => usage.Promised);
        Write(text, usages, "csi_tcmu_pool_allocated_bytes", "Bytes of what was promised that volumes have for themselves already.", usage => usage.Allocated);
        Write(text, usages, "csi_tcmu_pool_available_bytes", "Bytes that new volumes can be promised.", usage => usage.Available);
    }

    private static void Write(MetricsText text, (string Pool, PoolUsage? Usage)[] usages, string name, string help, Func<PoolUsage, long> value)
    {
        text.Family(name, MetricType.Gauge, help);
        foreach (var (pool, usage) in usages)
        {
            if (usage is { } known) text.Value(value(known), ("pool", pool));
        }
    }

    private async Task<(string Pool, PoolUsage? Usage)> MeasureAsync(string pool, CancellationToken cancellationToken)
    {
        try
        {
            return (pool, await pools.MeasureAsync(pool, cancellationToken));
        }
        catch (VolumeException)
        {
            return (pool, null);
        }
    }
}

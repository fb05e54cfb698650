using CsiTcmu.DataPlane;

namespace CsiTcmu.Metrics;

/// <summary>What the disks of this node have done since the process serves them. There are as many as volumes in use, for which there is a limit.</summary>
/// <param name="counters">Reads the counters, by volume id.</param>
public sealed class DiskMetrics(Func<IReadOnlyDictionary<string, DiskCounters>> counters) : IMetricsSource
{
    private const string Label = "volume";

    /// <inheritdoc/>
    public Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        KeyValuePair<string, DiskCounters>[] disks = [.. counters().OrderBy(pair => pair.Key, StringComparer.Ordinal)];
        Write(text, disks, "csi_tcmu_volume_reads_total", MetricType.Counter, "Commands that read.", disk => disk.Reads);
        Write(text, disks, "csi_tcmu_volume_writes_total", MetricType.Counter, "Commands that wrote.", disk => disk.Writes);
        Write(text, disks, "csi_tcmu_volume_flushes_total", MetricType.Counter, "Flushes.", disk => disk.Flushes);
        Write(text, disks, "csi_tcmu_volume_discards_total", MetricType.Counter, "Discards and zeroing commands.", disk => disk.Discards);
        Write(text, disks, "csi_tcmu_volume_read_bytes_total", MetricType.Counter, "Bytes read.", disk => disk.BytesRead);
        Write(text, disks, "csi_tcmu_volume_written_bytes_total", MetricType.Counter, "Bytes written.", disk => disk.BytesWritten);
        Write(text, disks, "csi_tcmu_volume_errors_total", MetricType.Counter, "Commands that the pool failed.", disk => disk.Errors);
        Write(text, disks, "csi_tcmu_volume_throttled_total", MetricType.Counter, "Commands that waited because of a limit.", disk => disk.Throttled);
        Write(
            text, disks, "csi_tcmu_volume_throttled_seconds_total", MetricType.Counter, "How long they waited.", disk => disk.ThrottledTime.TotalSeconds);
        Write(
            text, disks, "csi_tcmu_volume_mapped_commands_total", MetricType.Counter, "Commands with data whose pages were mapped (zero copy).", disk => disk.Mapped);
        Write(
            text, disks, "csi_tcmu_volume_copied_commands_total", MetricType.Counter, "Commands with data that the kernel copied although there is zero copy.",
            disk => disk.Copied);
        Write(text, disks, "csi_tcmu_volume_in_flight", MetricType.Gauge, "Commands in flight.", disk => disk.InFlight);
        Write(text, disks, "csi_tcmu_volume_read_duration_seconds", "How long commands that read took, from the ring to the published answer.", disk => disk.ReadLatency);
        Write(text, disks, "csi_tcmu_volume_write_duration_seconds", "How long commands that wrote took, from the ring to the published answer.", disk => disk.WriteLatency);
        return Task.CompletedTask;
    }

    private static void Write(MetricsText text, KeyValuePair<string, DiskCounters>[] disks, string name, string help, Func<DiskCounters, DiskLatency> value)
    {
        text.Family(name, MetricType.Histogram, help);
        foreach (var (id, disk) in disks)
        {
            var latency = value(disk);
            text.Histogram(DiskLatency.Bounds, latency.Counts, latency.Total.TotalSeconds, (Label, id));
        }
    }

    private static void Write(
        MetricsText text, KeyValuePair<string, DiskCounters>[] disks, string name, MetricType type, string help, Func<DiskCounters, double> value)
    {
        text.Family(name, type, help);
        foreach (var (id, disk) in disks) text.Value(value(disk), (Label, id));
    }
}

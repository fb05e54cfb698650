using System.Diagnostics;

namespace CsiTcmu.Metrics;

/// <summary>The process: its version, memory and garbage collections.</summary>
/// <param name="version">Version of the driver.</param>
public sealed class ProcessMetrics(string version) : IMetricsSource
{
    private readonly double _started = Started();

    /// <inheritdoc/>
    public Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        text.Family("csi_tcmu_build_info", MetricType.Gauge, "1, with the version of the driver.").Value(1, ("version", version));
        text.Family("process_start_time_seconds", MetricType.Gauge, "When the process began, since 1970.").Value(_started);
        text.Family("process_resident_memory_bytes", MetricType.Gauge, "Memory of the process that is in RAM.").Value(Environment.WorkingSet);
        text.Family("process_cpu_seconds_total", MetricType.Counter, "Processor time of all threads.").Value(Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Family("process_open_fds", MetricType.Gauge, "Open files; each volume in use has two.").Value(Count("/proc/self/fd"));
        text.Family("process_threads", MetricType.Gauge, "Threads; one that waits for a disk which does not answer stays.").Value(Count("/proc/self/task"));
        var memory = GC.GetGCMemoryInfo();
        text.Family("csi_tcmu_gc_heap_bytes", MetricType.Gauge, "Managed heap after the last garbage collection.").Value(memory.HeapSizeBytes);
        text.Family("csi_tcmu_gc_committed_bytes", MetricType.Gauge, "Memory that the managed heap had of the kernel then.").Value(memory.TotalCommittedBytes);
        text.Family("csi_tcmu_gc_limit_bytes", MetricType.Gauge, "Memory that the managed heap may have.").Value(memory.TotalAvailableMemoryBytes);
        text.Family("csi_tcmu_gc_allocated_bytes_total", MetricType.Counter, "Bytes that have been allocated on the managed heap.").Value(GC.GetTotalAllocatedBytes());
        text.Family("csi_tcmu_gc_pause_seconds_total", MetricType.Counter, "How long garbage collections have held all threads.")
            .Value(GC.GetTotalPauseDuration().TotalSeconds);
        text.Family("csi_tcmu_gc_collections_total", MetricType.Counter, "Garbage collections, by the oldest generation collected.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            // The runtime counts a collection of a generation with each younger one too.
            var older = generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0;
            text.Value(GC.CollectionCount(generation) - older, ("generation", generation.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        return Task.CompletedTask;
    }

    private static int Count(string folder) => Directory.EnumerateFileSystemEntries(folder).Count();

    private static double Started()
    {
        using var process = Process.GetCurrentProcess();
        return (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}

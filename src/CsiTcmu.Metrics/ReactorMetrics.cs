using System.Globalization;
using CsiTcmu.DataPlane;

namespace CsiTcmu.Metrics;

/// <summary>The threads that serve disks.</summary>
/// <param name="reactors">Tells what they do.</param>
public sealed class ReactorMetrics(Func<IReadOnlyList<ReactorUsage>> reactors) : IMetricsSource
{
    /// <inheritdoc/>
    public Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var all = reactors();
        Write(text, all, "csi_tcmu_reactor_disks", MetricType.Gauge, "Disks that the reactor serves.", reactor => reactor.Disks);
        Write(
            text, all, "csi_tcmu_reactor_cpu_seconds_total", MetricType.Counter, "How long the reactor's thread has had a processor.",
            reactor => reactor.ProcessorTime.TotalSeconds);
        Write(text, all, "csi_tcmu_reactor_sleeps_total", MetricType.Counter, "How often the reactor has slept until something came.", reactor => reactor.Sleeps);
        return Task.CompletedTask;
    }

    private static void Write(
        MetricsText text, IReadOnlyList<ReactorUsage> all, string name, MetricType type, string help, Func<ReactorUsage, double> value)
    {
        text.Family(name, type, help);
        foreach (var reactor in all) text.Value(value(reactor), ("reactor", reactor.Number.ToString(CultureInfo.InvariantCulture)));
    }
}

using CsiTcmu.DataPlane;
using Grpc.Core;

namespace CsiTcmu.Metrics.Tests;

/// <summary>The text, as Prometheus reads it.</summary>
public sealed class TextTests
{
    [Fact]
    public void Families_have_help_type_and_values_and_strange_words_are_escaped()
    {
        var text = new MetricsText()
            .Family("a_total", MetricType.Counter, "First \\ line\nand second.")
            .Value(3, ("x", "quoted \" and \\"), ("y", "two\nlines"))
            .Value(0.5)
            .Family("b_bytes", MetricType.Gauge, "Large.")
            .Value(1L << 62);

        Assert.Equal(
            """
            # HELP a_total First \\ line\nand second.
            # TYPE a_total counter
            a_total{x="quoted \" and \\",y="two\nlines"} 3
            a_total 0.5
            # HELP b_bytes Large.
            # TYPE b_bytes gauge
            b_bytes 4.611686018427388e+18

            """,
            text.ToString());
        Assert.Throws<ArgumentException>(() => text.Family("a_total", MetricType.Counter, "Again."));
    }

    [Fact]
    public async Task Latencies_of_disks_are_histograms_of_seconds()
    {
        var busy = new DiskCounters { ReadLatency = new DiskLatency([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3], TimeSpan.FromSeconds(9.5)) };
        var disks = new Dictionary<string, DiskCounters>(StringComparer.Ordinal) { ["idle"] = default, ["busy"] = busy };

        var text = new MetricsText();
        await new DiskMetrics(() => disks).WriteAsync(text, default);

        var lines = text.ToString().Split('\n');
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_bucket{volume=\"busy\",le=\"5e-05\"} 1", lines);
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_bucket{volume=\"busy\",le=\"0.0005\"} 1", lines);
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_bucket{volume=\"busy\",le=\"0.001\"} 3", lines);
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_bucket{volume=\"busy\",le=\"1\"} 3", lines);
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_bucket{volume=\"busy\",le=\"+Inf\"} 6", lines);
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_sum{volume=\"busy\"} 9.5", lines);
        Assert.Contains("csi_tcmu_volume_read_duration_seconds_count{volume=\"idle\"} 0", lines);
        Assert.Equal(2 * 2 * (DiskLatency.Bounds.Count + 1), lines.Count(line => line.Contains("_bucket{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Calls_are_counted_by_method_code_and_duration()
    {
        var calls = new CallMetrics();
        calls.Count("Probe", StatusCode.OK, TimeSpan.FromMilliseconds(5));
        calls.Count("Probe", StatusCode.OK, TimeSpan.FromSeconds(2));
        calls.Count("CreateVolume", StatusCode.Aborted, TimeSpan.FromMinutes(3));

        var text = new MetricsText();
        await calls.WriteAsync(text, default);

        var lines = text.ToString().Split('\n');
        Assert.Contains("csi_tcmu_call_duration_seconds_bucket{method=\"Probe\",code=\"OK\",le=\"0.005\"} 1", lines);
        Assert.Contains("csi_tcmu_call_duration_seconds_bucket{method=\"Probe\",code=\"OK\",le=\"1\"} 1", lines);
        Assert.Contains("csi_tcmu_call_duration_seconds_bucket{method=\"Probe\",code=\"OK\",le=\"2.5\"} 2", lines);
        Assert.Contains("csi_tcmu_call_duration_seconds_sum{method=\"Probe\",code=\"OK\"} 2.005", lines);
        Assert.Contains("csi_tcmu_call_duration_seconds_bucket{method=\"CreateVolume\",code=\"Aborted\",le=\"120\"} 0", lines);
        Assert.Contains("csi_tcmu_call_duration_seconds_bucket{method=\"CreateVolume\",code=\"Aborted\",le=\"+Inf\"} 1", lines);
        Assert.Contains("csi_tcmu_call_duration_seconds_count{method=\"CreateVolume\",code=\"Aborted\"} 1", lines);
    }
}

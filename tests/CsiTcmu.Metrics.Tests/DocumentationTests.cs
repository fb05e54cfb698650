using System.Text.RegularExpressions;
using CsiTcmu.DataPlane;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Volumes;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Metrics.Tests;

/// <summary>What docs/metrics.md says there is, and what there is.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public async Task Every_family_is_described_with_its_type_and_labels_and_nothing_else_is()
    {
        using var client = new ApiClient(new ClusterConfiguration { Server = new Uri("https://127.0.0.1:1/") });
        using var catalogue = new ResourceCatalogue(client, new ResourceCatalogueOptions(), NullLogger.Instance);
        var text = new MetricsText();
        var calls = new CallMetrics();
        calls.Count("Probe", StatusCode.OK, TimeSpan.FromSeconds(1));
        IMetricsSource[] sources =
        [
            new ProcessMetrics("1.2.3"), calls, new DiskMetrics(() => new Dictionary<string, DiskCounters>(StringComparer.Ordinal) { ["a"] = default }),
            new ReactorMetrics(() => [new ReactorUsage { Number = 0, Disks = 1, ProcessorTime = TimeSpan.FromSeconds(1), Sleeps = 2 }]),
            new PoolMetrics(new OnePool()), catalogue.Metrics,
        ];
        foreach (var source in sources) await source.WriteAsync(text, default);

        var exposed = TypeLine().Matches(text.ToString()).Select(match => $"{match.Groups["name"].Value} {match.Groups["type"].Value}");
        var rows = Row().Matches(await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "metrics.md"), TestContext.Current.CancellationToken));
        var described = rows.Select(match => $"{match.Groups["name"].Value} {match.Groups["type"].Value}");
        Assert.Equal(described.Order(StringComparer.Ordinal), exposed.Order(StringComparer.Ordinal));
        var samples = Sample().Matches(text.ToString()).ToLookup(match => match.Groups["name"].Value, match => match.Groups["labels"].Value, StringComparer.Ordinal);
        foreach (var row in rows.ToList())
        {
            var name = row.Groups["name"].Value;
            var found = samples[row.Groups["type"].Value == "histogram" ? name + "_count" : name].ToList();
            // This controller knows no node.
            Assert.Equal(name.StartsWith("csi_tcmu_node_", StringComparison.Ordinal), found.Count == 0);
            Assert.All(found, labels => Assert.Equal(row.Groups["labels"].Value.Trim(), string.Join(", ", Label().Matches(labels).Select(match => match.Groups["name"].Value))));
        }

        Assert.Contains("csi_tcmu_volume_reads_total{volume=\"a\"} 0", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("csi_tcmu_reactor_cpu_seconds_total{reactor=\"0\"} 1\n", text.ToString(), StringComparison.Ordinal);
        (string Figure, int Bytes)[] figures = [("size", 100), ("free", 60), ("reserved", 5), ("promised", 50), ("allocated", 40), ("available", 7)];
        Assert.All(figures, pool => Assert.Contains($"csi_tcmu_pool_{pool.Figure}_bytes{{pool=\"main\"}} {pool.Bytes}\n", text.ToString(), StringComparison.Ordinal));
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CsiTcmu.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("no CsiTcmu.sln above the tests");
        return folder;
    }

    [GeneratedRegex("^# TYPE (?<name>\\S+) (?<type>\\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex TypeLine();

    [GeneratedRegex("^(?<name>[a-z_]+)(\\{(?<labels>[^}]*)\\})? \\S+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>[a-z_]+)=\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Label();

    [GeneratedRegex("^\\| `(?<name>[a-z_]+)` \\| (?<type>counter|gauge|histogram) \\|(?<labels>[^|]*)\\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Row();

    /// <summary>A pool that is always the same.</summary>
    private sealed class OnePool : IPools
    {
        public IReadOnlyList<string> Names => ["main"];

        public Task<PoolUsage> MeasureAsync(string pool, CancellationToken cancellationToken) =>
            Task.FromResult(new PoolUsage { Size = 100, Free = 60, Reserved = 5, Promised = 50, Allocated = 40, Available = 7 });
    }
}

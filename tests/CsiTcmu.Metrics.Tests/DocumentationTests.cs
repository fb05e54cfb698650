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
            new PoolMetrics(new NoVolumes(), ["main"]), catalogue.Metrics,
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
        Assert.Contains("csi_tcmu_pool_available_bytes{pool=\"main\"} 7", text.ToString(), StringComparison.Ordinal);
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

    /// <summary>Volumes of which only the room is asked.</summary>
    private sealed class NoVolumes : IVolumeCatalogue
    {
        public Task<Room> GetRoomAsync(IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken) =>
            Task.FromResult(new Room(7, 7, 1));

        public Task<Volume> CreateAsync(VolumeWish wish, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Volume> ExpandAsync(string id, SizeRange size, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Volume> ModifyAsync(string id, IReadOnlyDictionary<string, string> mutableParameters, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Volume> GetAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

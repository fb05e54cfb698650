using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsiTcmu.Kubernetes.Tests.Support;
using Grpc.Core;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>Alerts and dashboard of the chart: that they read what there is.</summary>
public sealed partial class ChartMonitoringTests
{
    private const string Monitored = "metrics: {enabled: true}\n";
    private static readonly string AlertsFile = Path.Combine(Manifests.Chart, "monitoring", "alerts.yaml");
    private static readonly string DashboardFile = Path.Combine(Manifests.Chart, "monitoring", "dashboard.json");

    [Fact]
    public void Alerts_read_metrics_and_labels_that_exist()
    {
        var definitions = Manifests.Definitions();
        var kinds = definitions.Select(definition => (string)definition["spec"]!["names"]!["kind"]!).ToList();
        var phases = definitions.SelectMany(definition => definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["status"]!["properties"]!["phase"]?["enum"]?.AsArray() ?? [])
            .Select(value => (string)value!).ToList();
        Assert.Contains("Failed", phases);
        foreach (var alert in Alerts())
        {
            var query = (string)alert["expr"]!;
            var labels = MetricsTable.Check(query);
            Assert.All(
                Mentioned().Matches(alert["annotations"]!.ToJsonString()).Select(match => match.Groups["label"].Value),
                label => Assert.True(labels.Contains(label), $"{alert["alert"]} mentions a label {label} that nothing has"));
            Assert.All(MetricsTable.Compared(query, "code"), code => Assert.True(Enum.TryParse<StatusCode>(code, out _), $"{code} is no code: {query}"));
            Assert.All(MetricsTable.Compared(query, "kind"), kind => Assert.Contains(kind, kinds));
            Assert.All(MetricsTable.Compared(query, "phase"), phase => Assert.Contains(phase, phases));
        }
    }

    [Fact]
    public void Every_alert_is_described_with_its_severity_and_nothing_else_is()
    {
        var described = DescribedAlert().Matches(File.ReadAllText(Path.Combine(Manifests.Root, "docs", "metrics.md")))
            .Select(match => $"{match.Groups["name"].Value} {match.Groups["severity"].Value}");
        Assert.Equal(Alerts().Select(alert => $"{alert["alert"]} {alert["labels"]!["severity"]}"), described);
    }

    [Fact]
    public void Alerts_fire_when_they_shall_and_only_then()
    {
        var promtool = ChartRenderer.OnPath("promtool");
        Assert.SkipUnless(promtool is not null, "there is no promtool on the PATH (package prometheus)");
        ChartRenderer.Run(promtool!, ["check", "rules", AlertsFile]);
        ChartRenderer.Run(promtool!, ["test", "rules", Path.Combine(Manifests.Root, "tests", "chart", "alerts-test.yaml")]);
    }

    [Fact]
    public void Every_alert_has_been_seen_to_fire_and_to_keep_quiet()
    {
        var cases = Manifests.Parse(File.ReadAllText(Path.Combine(Manifests.Root, "tests", "chart", "alerts-test.yaml")))[0]["tests"]!.AsArray()
            .SelectMany(test => test!["alert_rule_test"]!.AsArray()).ToList();
        foreach (var name in Alerts().Select(alert => (string)alert["alert"]!))
        {
            var own = cases.Where(test => (string)test!["alertname"]! == name).Select(test => test!["exp_alerts"] is not null).ToList();
            Assert.True(own.Contains(true) && own.Contains(false), $"tests/chart/alerts-test.yaml does not show when {name} fires and when it does not");
        }
    }

    [Fact]
    public void Dashboard_reads_metrics_and_labels_that_exist()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(DashboardFile))!;
        var panels = dashboard["panels"]!.AsArray();
        Assert.Equal(panels.Count, panels.Select(panel => (int)panel!["id"]!).Distinct().Count());
        foreach (var panel in panels.Where(panel => (string?)panel!["type"] != "row"))
        {
            Assert.NotEmpty(panel!["targets"]!.AsArray());
            foreach (var target in panel["targets"]!.AsArray())
            {
                var labels = MetricsTable.Check((string)target!["expr"]!);
                Assert.All(LegendLabel().Matches((string)target["legendFormat"]!).Select(match => match.Groups["label"].Value), label => Assert.Contains(label, labels));
            }
        }

        foreach (var variable in dashboard["templating"]!["list"]!.AsArray().Where(variable => (string?)variable!["type"] == "query"))
        {
            var query = LabelValues().Match((string)variable!["definition"]!);
            Assert.Contains(query.Groups["label"].Value, MetricsTable.Check(query.Groups["metric"].Value));
        }
    }

    [Fact]
    public void Prometheus_can_read_the_queries_of_the_dashboard()
    {
        var promtool = ChartRenderer.OnPath("promtool");
        Assert.SkipUnless(promtool is not null, "there is no promtool on the PATH (package prometheus)");
        var rules = JsonNode.Parse(File.ReadAllText(DashboardFile))!["panels"]!.AsArray().SelectMany(panel => panel!["targets"]?.AsArray() ?? []).Select((target, index) => new JsonObject
        {
            ["record"] = $"query_{index}",
            ["expr"] = ((string)target!["expr"]!).Replace("$__rate_interval", "5m", StringComparison.Ordinal),
        });
        var file = Path.GetTempFileName();
        try
        {
            // JSON is YAML.
            File.WriteAllText(file, new JsonObject { ["groups"] = new JsonArray(new JsonObject { ["name"] = "dashboard", ["rules"] = new JsonArray([.. rules]) }) }.ToJsonString());
            ChartRenderer.Run(promtool!, ["check", "rules", file]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("sum(csi_tcmu_volume_writes)")]
    [InlineData("csi_tcmu_call_duration_seconds")]
    [InlineData("csi_tcmu_pool_up{node=\"a\"}")]
    [InlineData("csi_tcmu_call_duration_seconds_count{le=\"1\"}")]
    [InlineData("sum by (claim) (csi_tcmu_pool_up)")]
    [InlineData("rate(csi_tcmu_volume_reads_total[5m]) and on (job, disk) csi_tcmu_build_info")]
    [InlineData("vector(0)")]
    public void Query_of_what_is_not_there_is_found(string query) => Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => MetricsTable.Check(query));

    [Fact]
    public void Objects_are_there_when_they_are_asked_for_and_can_be_changed()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var objects = ChartRenderer.Render(Monitored + """
            monitoring:
              prometheusRule: {enabled: true, labels: {release: prometheus}, overrides: {CsiTcmuPoolFills: {enabled: false}, CsiTcmuPoolDown: {expression: csi_tcmu_pool_up < 1, for: 1m, severity: page}}}
              dashboard: {enabled: true, namespace: grafana, annotations: {grafana_folder: Storage}}
            """);

        var rule = objects.Single(item => (string?)item["kind"] == "PrometheusRule");
        Assert.Equal("prometheus", (string?)rule["metadata"]!["labels"]!["release"]);
        var rendered = rule["spec"]!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).ToDictionary(alert => (string)alert!["alert"]!, alert => alert!);
        Assert.DoesNotContain("CsiTcmuPoolFills", rendered.Keys);
        var changed = rendered["CsiTcmuPoolDown"];
        Assert.Equal(("csi_tcmu_pool_up < 1", "1m", "page"), ((string?)changed["expr"], (string?)changed["for"], (string?)changed["labels"]!["severity"]));
        foreach (var alert in Alerts().Where(alert => (string?)alert["alert"] is not ("CsiTcmuPoolFills" or "CsiTcmuPoolDown")))
            Assert.True(JsonNode.DeepEquals(alert, rendered[(string)alert["alert"]!]), $"{alert} became {rendered[(string)alert["alert"]!]}");

        var map = objects.Single(item => (string?)item["kind"] == "ConfigMap");
        Assert.Equal("grafana", (string?)map["metadata"]!["namespace"]);
        Assert.Equal("1", (string?)map["metadata"]!["labels"]!["grafana_dashboard"]);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(DashboardFile)), JsonNode.Parse((string)map["data"]!["csi-tcmu.json"]!)));
    }

    [Theory]
    [InlineData("monitoring: {podMonitor: {enabled: true}}", "metrics.enabled")]
    [InlineData("monitoring: {prometheusRule: {enabled: true}}", "metrics.enabled")]
    [InlineData(Monitored + "monitoring: {prometheusRule: {enabled: true, overrides: {CsiTcmuPoolFull: {for: 1m}}}}", "CsiTcmuPoolFull")]
    public void What_would_never_alert_is_refused(string values, string says)
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        Assert.Contains(says, Assert.Throws<InvalidOperationException>(() => ChartRenderer.Render(values)).Message, StringComparison.Ordinal);
    }

    private static List<JsonNode> Alerts() =>
        [.. Manifests.Parse(File.ReadAllText(AlertsFile))[0]["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(alert => alert!)];

    [GeneratedRegex("\\$labels\\.(?<label>[a-z_]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Mentioned();

    [GeneratedRegex("\\{\\{(?<label>[a-z_]+)\\}\\}", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LegendLabel();

    [GeneratedRegex("^label_values\\((?<metric>[a-z_]+), (?<label>[a-z_]+)\\)$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LabelValues();

    [GeneratedRegex("^\\| `(?<name>CsiTcmu[A-Za-z]+)` \\| (?<severity>[a-z]+) \\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DescribedAlert();
}

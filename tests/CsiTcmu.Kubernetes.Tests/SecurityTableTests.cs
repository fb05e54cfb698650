using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What docs/security.md says that each part may do, and what the chart lets it.</summary>
public sealed partial class SecurityTableTests
{
    private const string Values = "sidecars: {snapshotter: {enabled: true}}\nsnapshotMetadata: {enabled: true}";
    private static readonly string Text = File.ReadAllText(Path.Combine(Manifests.Root, "docs", "security.md"));

    [Fact]
    public void Every_permission_is_described_and_nothing_else_is()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var described =
            from row in Permission().Matches(Text)
            from resource in Words(row, "resources")
            from verb in Words(row, "verbs")
            select $"{row.Groups["role"].Value}: {verb} {resource}";
        var given =
            from role in ChartRenderer.Render(Values).Where(item => (string?)item["kind"] is "ClusterRole" or "Role")
            from rule in role["rules"]!.AsArray()
            from text in Given(rule!.AsObject())
            select $"{((string)role["metadata"]!["name"]!)["csi-tcmu-".Length..]}: {text}";
        Assert.Equal(given.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_path_of_the_host_is_described_and_nothing_else_is()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var pod = ChartRenderer.Render(Values).Single(item => (string?)item["kind"] == "DaemonSet")["spec"]!["template"]!["spec"]!;
        var paths = pod["volumes"]!.AsArray().Select(volume => (string?)volume!["hostPath"]?["path"]).OfType<string>();
        Assert.Equal(paths.Order(StringComparer.Ordinal), HostPath().Matches(Text).Select(row => row.Groups["path"].Value).Order(StringComparer.Ordinal));
        Assert.True((bool)pod["hostPID"]!);
        Assert.Null(pod["hostNetwork"]);
    }

    /// <summary>Verbs and resources of a rule, each with each.</summary>
    private static IEnumerable<string> Given(JsonObject rule) =>
        from resource in rule["resources"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        from api in rule["apiGroups"]!.AsArray()
        select (string)api! is { Length: > 0 } named ? $"{verb} {resource}.{named}" : $"{verb} {resource}";

    private static IEnumerable<string> Words(Match row, string column) => Word().Matches(row.Groups[column].Value).Select(word => word.Groups["word"].Value);

    [GeneratedRegex("^\\| `(?<role>[a-z]+)` \\|(?<resources>[^|]*)\\|(?<verbs>[^|]*)\\|[^|]*\\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Permission();

    [GeneratedRegex("^\\| `(?<path>/[^`]*)` \\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex HostPath();

    [GeneratedRegex("`(?<word>[^`]+)`", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}

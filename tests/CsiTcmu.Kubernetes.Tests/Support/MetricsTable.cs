using System.Text.RegularExpressions;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>The metrics that docs/metrics.md describes, and queries held against them.</summary>
internal static partial class MetricsTable
{
    /// <summary>Labels that Prometheus gives what it fetches.</summary>
    private static readonly string[] TargetLabels = ["job", "instance", "namespace", "pod"];

    private static readonly string[] Operators = ["and", "or", "unless", "bool"];

    private static readonly Dictionary<string, string[]> Series = Read();

    /// <summary>Asserts that the query reads existing series by existing labels.</summary>
    /// <returns>The labels that its result may have.</returns>
    public static IReadOnlyList<string> Check(string query)
    {
        var text = Range().Replace(Text().Replace(query, "\"\""), "");
        List<string> labels = [.. TargetLabels];
        var read = 0;
        foreach (Match match in Selector().Matches(text))
        {
            var name = match.Groups["name"].Value;
            if (name.Length == 0 || match.Groups["call"].Success || Operators.Contains(name)) continue;
            Assert.True(Series.TryGetValue(name, out var own), $"docs/metrics.md has no {name}, which is in: {query}");
            read++;
            labels.AddRange(own);
            foreach (Match matcher in Matcher().Matches(match.Groups["matchers"].Value))
                Assert.True(own.Concat(TargetLabels).Contains(matcher.Groups["label"].Value), $"{name} has no label {matcher.Groups["label"].Value}: {query}");
        }

        Assert.True(read > 0, $"reads nothing: {query}");
        foreach (var label in Grouping().Matches(text).SelectMany(match => match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries)))
            Assert.True(labels.Contains(label), $"nothing has a label {label}: {query}");
        return labels;
    }

    /// <summary>The values that the query compares a label with.</summary>
    public static IEnumerable<string> Compared(string query, string label) =>
        ComparedValue().Matches(query).Where(match => match.Groups["label"].Value == label).SelectMany(match => match.Groups["value"].Value.Split('|'));

    private static Dictionary<string, string[]> Read()
    {
        Dictionary<string, string[]> series = new(StringComparer.Ordinal);
        foreach (Match match in Row().Matches(File.ReadAllText(Path.Combine(Manifests.Root, "docs", "metrics.md"))))
        {
            string[] labels = match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var name = match.Groups["name"].Value;
            if (match.Groups["type"].Value == "histogram")
            {
                (series[name + "_count"], series[name + "_sum"], series[name + "_bucket"]) = (labels, labels, [.. labels, "le"]);
            }
            else
            {
                series[name] = labels;
            }
        }

        Assert.True(series.Count > 20, "docs/metrics.md has no table");
        return series;
    }

    [GeneratedRegex("^\\| `(?<name>[a-z_]+)` \\| (?<type>counter|gauge|histogram) \\| (?<labels>[a-z, ]*)\\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Row();

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.NonBacktracking)]
    private static partial Regex Text();

    [GeneratedRegex("\\[[^]]*\\]", RegexOptions.NonBacktracking)]
    private static partial Regex Range();

    /// <summary>The labels behind by and on, a function, an operator, or a series with its matchers.</summary>
    [GeneratedRegex("(?<![\\w$])((by|without|on|ignoring) \\([^)]*\\)|(?<name>[A-Za-z_][A-Za-z0-9_]*)(?<matchers>\\{[^}]*\\})?(?<call>( (by|without) \\([^)]*\\))? ?\\()?)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Selector();

    [GeneratedRegex("(?<label>[a-z_]+) *(=~|!~|!=|=)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Matcher();

    [GeneratedRegex("(?<label>[a-z_]+) *=~? *\"(?<value>[^\"$]*)\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ComparedValue();

    [GeneratedRegex("\\b(by|without|on|ignoring) \\((?<labels>[^)]*)\\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Grouping();
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>That the chart's values are described, and that the schema knows them.</summary>
public sealed partial class ChartValuesTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Manifests.Chart, "values.schema.json")))!.AsObject();
    private static readonly JsonObject Values = Manifests.Parse(File.ReadAllText(Path.Combine(Manifests.Chart, "values.yaml")))[0];

    [Fact]
    public void Every_value_is_described_once_and_every_description_is_of_a_value()
    {
        var described = DescribedValue().Matches(File.ReadAllText(Path.Combine(Manifests.Chart, "README.md"))).Select(match => match.Groups["path"].Value).ToList();

        Assert.Equal(described.Distinct(), described);
        Assert.All(described, path => Assert.True(Find(Values, path), $"README.md describes {path}, which values.yaml has not"));
        Assert.All(Leaves(Values, ""), leaf => Assert.True(
            described.Exists(path => leaf == path || leaf.StartsWith(path + ".", StringComparison.Ordinal)), $"README.md does not describe {leaf}"));
    }

    [Fact]
    public void Defaults_are_described_as_they_are()
    {
        foreach (Match match in DescribedDefault().Matches(File.ReadAllText(Path.Combine(Manifests.Chart, "README.md"))))
        {
            var value = match.Groups["path"].Value.Split('.').Aggregate((JsonNode)Values, (at, part) => at[part]!);
            var said = match.Groups["default"].Value;
            switch (value)
            {
                case JsonArray or JsonObject:
                    var count = value is JsonArray list ? list.Count : value.AsObject().Count;
                    Assert.True(said is "none" or "empty" or "Kubernetes' own" == (count == 0), match.Value);
                    break;
                default:
                    Assert.True(said == (value.ToString().Length == 0 ? "empty" : $"`{value}`"), $"{match.Value}: it is {value}");
                    break;
            }
        }
    }

    [Fact]
    public void Schema_knows_every_value_and_refuses_others()
    {
        Assert.Equal(Values.Select(pair => pair.Key).Append("global").Order(), Schema["properties"]!.AsObject().Select(pair => pair.Key).Order());
        CheckTyped(Schema, "");
        Check(Values, Schema, "");
        Assert.Empty(ValuesSchema.Complaints(Values, Schema));
    }

    [Theory]
    [InlineData("images: {}")]
    [InlineData("image: {tags: v1}")]
    [InlineData("image: {pullPolicy: Sometimes}")]
    [InlineData("controller: {replicaCount: 0}")]
    [InlineData("controller: {timeout: fast}")]
    [InlineData("controller: {orphanAge: 60}")]
    [InlineData("controller: {tolerations: {operator: Exists}}")]
    [InlineData("node: {kubeletPath: var/lib/kubelet}")]
    [InlineData("node: {kubeletPath: /var/lib/kubelet/}")]
    [InlineData("node: {pools: []}")]
    [InlineData("node: {pools: [{name: main}]}")]
    [InlineData("node: {pools: [{name: Main, path: /srv}]}")]
    [InlineData("node: {pools: [{name: main, path: /srv, reserve: much}]}")]
    [InlineData("node: {pools: [{name: main, path: /srv, overcommitRatio: \"0.5\"}]}")]
    [InlineData("node: {reactors: 65}")]
    [InlineData("node: {csiSpecification: \"1.14\"}")]
    [InlineData("node: {updateStrategy: {type: Recreate}}")]
    [InlineData("node: {affinity: {nodeafinity: {}}}")]
    [InlineData("node: {tolerations: [{operator: Always}]}")]
    [InlineData("node: {resources: {limit: {memory: 1Gi}}}")]
    [InlineData("metrics: {port: 70000}")]
    [InlineData("inlineVolumes: {enabled: true, podSecurityProfile: strict}")]
    [InlineData("controller: {csiSpecification: \"1.14\"}")]
    [InlineData("snapshotMetadata: {enabled: true, nodeSecret: \"\"}")]
    [InlineData("monitoring: {prometheusRule: {overrides: {CsiTcmuPoolDown: {expr: up}}}}")]
    [InlineData("networkPolicy: {apiServerPorts: []}")]
    [InlineData("networkPolicy: {metricsPeers: [{namespace: monitoring}]}")]
    [InlineData("helmTest: {stepTimeout: 0}")]
    [InlineData("storageClasses: [{parameters: {pool: main}}]")]
    [InlineData("storageClasses: [{name: fast, parameters: {iops: 500}}]")]
    [InlineData("volumeAttributesClasses: [{name: fast}]")]
    [InlineData("volumeSnapshotClasses: [{name: fast, deletionPolicy: Keep}]")]
    public void Schema_refuses(string values)
    {
        Assert.NotEmpty(ValuesSchema.Complaints(Manifests.Parse(values)[0], Schema));
    }

    private static bool Find(JsonNode? node, string path) =>
        path.Split('.') is var parts && parts.Aggregate<string, (JsonNode? Node, bool Found)>((node, true), (at, part) =>
            at.Node is JsonObject members && members.ContainsKey(part) ? (members[part], at.Found) : (null, false)).Found;

    private static IEnumerable<string> Leaves(JsonObject node, string path)
    {
        foreach (var (key, value) in node)
        {
            if (value is JsonObject { Count: > 0 } inner)
            {
                foreach (var leaf in Leaves(inner, $"{path}{key}.")) yield return leaf;
            }
            else
            {
                yield return path + key;
            }
        }
    }

    /// <summary>Each mapping of the values whose keys are fixed is one in the schema, with the same keys and no others allowed.</summary>
    private static void Check(JsonObject values, JsonObject schema, string path)
    {
        if (schema["properties"] is not JsonObject properties) return;
        Assert.False((bool)schema["additionalProperties"]!, path);
        foreach (var (key, value) in values)
        {
            Assert.True(properties.ContainsKey(key), $"values.schema.json has no {path}{key}");
            if (value is JsonObject inner) Check(inner, properties[key]!.AsObject(), $"{path}{key}.");
        }
    }

    /// <summary>Every part of the schema says what it is, lists say it of their items, and mappings with fixed keys take no others.</summary>
    private static void CheckTyped(JsonObject schema, string path)
    {
        Assert.True(schema.ContainsKey("type") || schema.ContainsKey("anyOf"), $"values.schema.json says nothing of {path}");
        if ((string?)schema["type"] == "array") CheckTyped(schema["items"]!.AsObject(), path + "[]");
        if (schema["additionalProperties"] is JsonObject others) CheckTyped(others, path + ".*");
        if (schema["properties"] is not JsonObject properties) return;
        Assert.True(schema["additionalProperties"] is JsonValue closed && !(bool)closed, $"values.schema.json takes anything in {path}");
        foreach (var (key, value) in properties) CheckTyped(value!.AsObject(), $"{path}.{key}");
    }

    [GeneratedRegex("^\\| `(?<path>[A-Za-z.]+)` \\|.*\\| (?<default>[^|]+) \\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DescribedDefault();

    [GeneratedRegex("^\\| `(?<path>[A-Za-z.]+)` \\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DescribedValue();
}

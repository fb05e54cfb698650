using System.Text.Json.Nodes;
using CsiTcmu.Csi.Tests;
using CsiTcmu.Kubernetes.Tests.Support;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What is in deploy: the chart as plain manifests, and examples.</summary>
public sealed class DeploymentTests
{
    private static readonly string Folder = Path.Combine(Manifests.Root, "deploy");
    private static readonly string PlainFile = Path.Combine(Folder, "plain", "csi-tcmu.yaml");

    /// <summary>With this variable the manifests are written instead of compared.</summary>
    private const string Write = "CSI_TCMU_WRITE_MANIFESTS";

    [Fact]
    public void Plain_manifests_are_the_charts()
    {
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
        var text = Plain();
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 }) File.WriteAllText(PlainFile, text);

        // As objects by name: helm and the tests' renderer differ in order and white space.
        var (expected, actual) = (Sorted(text), Sorted(File.ReadAllText(PlainFile)));
        Assert.Equal(expected.Select(Title), actual.Select(Title));
        foreach (var (first, second) in expected.Zip(actual))
            Assert.True(JsonNode.DeepEquals(first, second), $"{Title(first)} is not as in the chart; see the first line of {PlainFile}");
    }

    [Fact]
    public void Plain_manifests_have_a_namespace_and_nothing_of_helm()
    {
        var text = File.ReadAllText(PlainFile);
        Assert.DoesNotContain("helm.sh/chart", text, StringComparison.Ordinal);
        Assert.DoesNotContain("managed-by: Helm", text, StringComparison.Ordinal);
        var objects = Manifests.Parse(text);
        Assert.Equal("Namespace", (string?)objects[0]["kind"]);
        Assert.All(objects, item => Assert.Contains((string?)item["metadata"]!["namespace"], new[] { null, (string?)objects[0]["metadata"]!["name"] }));
    }

    [Fact]
    public void Examples_are_of_everything()
    {
        Assert.Equal(
            ["attributes", "clone", "ephemeral", "group", "inline", "pod", "raw-block", "snapshot", "statefulset", "storageclass"],
            Directory.GetFiles(Path.Combine(Folder, "kubernetes"), "*.yaml").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Examples_refer_to_what_is_in_examples()
    {
        var objects = Examples();
        var names = objects.Select(Title).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(objects.Count, names.Count);
        var references = 0;
        foreach (var item in objects) Visit(item);
        Assert.True(references > 15, $"only {references} references found");

        void Visit(JsonNode? node)
        {
            switch (node)
            {
                case JsonArray list:
                    foreach (var member in list) Visit(member);
                    break;
                case JsonObject members:
                    foreach (var (key, value) in members)
                    {
                        Visit(value);
                        var target = key switch
                        {
                            "storageClassName" => $"StorageClass {value}",
                            "volumeSnapshotClassName" => $"VolumeSnapshotClass {value}",
                            "volumeGroupSnapshotClassName" => $"VolumeGroupSnapshotClass {value}",
                            "persistentVolumeClaimName" or "claimName" => $"PersistentVolumeClaim {value}",
                            "dataSource" => $"{value!["kind"]} {value["name"]}",
                            _ => null,
                        };
                        if (target is null) continue;
                        references++;
                        Assert.True(names.Contains(target), $"an example refers to {target}, which none has");
                    }

                    break;
            }
        }
    }

    [Fact]
    public async Task Driver_takes_the_parameters_of_every_example()
    {
        var folder = Directory.CreateTempSubdirectory("examples-").FullName;
        try
        {
            using var catalogue = VolumeCatalogue.Open([new PoolSpecification("main", folder, 0)], new NoDisks(), new TestLog());
            var classes = Examples().Where(item => item["parameters"] is not null).ToList();
            Assert.All(classes, item => Assert.Equal("csi-tcmu.io", (string?)(item["provisioner"] ?? item["driver"] ?? item["driverName"])));
            var storage = classes.Where(item => (string?)item["kind"] == "StorageClass").ToList();
            foreach (var item in storage)
            {
                await catalogue.CreateAsync(Wish(Title(item)) with { Parameters = Parameters(item) }, default);
            }

            foreach (var item in classes.Except(storage))
            {
                Task made = (string)item["kind"]! switch
                {
                    "VolumeAttributesClass" => catalogue.CreateAsync(Wish(Title(item)) with { MutableParameters = Parameters(item) }, default),
                    "VolumeSnapshotClass" => catalogue.CreateSnapshotAsync(
                        new() { Name = Title(item), SourceVolumeId = (await catalogue.CreateAsync(Wish(Title(storage[0])) with { Parameters = Parameters(storage[0]) }, default)).Id, Parameters = Parameters(item) }, default),
                    "VolumeGroupSnapshotClass" => catalogue.CreateGroupAsync(
                        new() { Name = Title(item), SourceVolumeIds = [(await catalogue.CreateAsync(Wish(Title(storage[0])) with { Parameters = Parameters(storage[0]) }, default)).Id], Parameters = Parameters(item) }, default),
                    var kind => throw new NotSupportedException(kind),
                };
                await made;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The chart's default objects in a namespace that may run the node's privileged pods, without what only helm reads.</summary>
    private static string Plain()
    {
        var documents = ChartRenderer.RenderText("").Split("\n---\n").Select(document => document.StartsWith("---\n", StringComparison.Ordinal) ? document[4..] : document)
            .Where(document => Manifests.Parse(document) is [var item] && item["metadata"]!["annotations"]?["helm.sh/hook"] is null)
            .Select(document => string.Join('\n', document.Split('\n').Where(line => line.Trim().Length > 0 && !HelmsOwn(line))) + "\n");
        return $"""
            # The chart with its own values, for clusters without helm. Not edited by hand: {Write}=1 lets DeploymentTests write it.
            # What has to change is the image: sed 's|image: csi-tcmu:|image: REGISTRY/csi-tcmu:|' csi-tcmu.yaml | kubectl apply --server-side -f -
            apiVersion: v1
            kind: Namespace
            metadata:
              name: {ChartRenderer.Namespace}
              labels:
                pod-security.kubernetes.io/enforce: privileged
            ---

            """ + string.Join("---\n", documents);
    }

    private static bool HelmsOwn(string line) =>
        line.StartsWith("# Source:", StringComparison.Ordinal) || line.Contains("helm.sh/chart:", StringComparison.Ordinal)
        || line.EndsWith("app.kubernetes.io/managed-by: Helm", StringComparison.Ordinal);

    private static List<JsonObject> Examples() =>
        [.. Directory.GetFiles(Path.Combine(Folder, "kubernetes"), "*.yaml").Order(StringComparer.Ordinal).SelectMany(file => Manifests.Parse(File.ReadAllText(file)))];

    private static VolumeWish Wish(string name) => new() { Name = name, Size = new SizeRange(64L << 20, 0) };

    private static Dictionary<string, string> Parameters(JsonObject item) =>
        item["parameters"]!.AsObject().ToDictionary(pair => pair.Key, pair => (string)pair.Value!, StringComparer.Ordinal);

    private static List<JsonObject> Sorted(string yaml) => [.. Manifests.Parse(yaml).OrderBy(Title, StringComparer.Ordinal)];

    private static string Title(JsonObject item) => $"{item["kind"]} {item["metadata"]!["name"]}";
}

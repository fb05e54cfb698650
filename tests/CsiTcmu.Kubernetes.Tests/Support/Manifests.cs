using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>Manifests of the repository, as JSON.</summary>
internal static class Manifests
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The chart's folder.</summary>
    public static string Chart { get; } = Path.Combine(Root, "charts", "csi-tcmu");

    /// <summary>The custom resource definitions.</summary>
    public static IReadOnlyList<JsonObject> Definitions() =>
        [.. Directory.GetFiles(Path.Combine(Chart, "templates", "crds"), "*.yaml").Order(StringComparer.Ordinal).SelectMany(file => Parse(Plain(File.ReadAllText(file))))];

    /// <summary>The documents of a YAML text.</summary>
    public static IReadOnlyList<JsonObject> Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(document => Convert(document.RootNode)).OfType<JsonObject>()];
    }

    /// <summary>The definitions are plain but for the condition around each.</summary>
    private static string Plain(string template) =>
        template.Replace("{{- if .Values.crds.install }}\n", "", StringComparison.Ordinal).Replace("{{- end }}\n", "", StringComparison.Ordinal);

    private static JsonNode? Convert(YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                var members = new JsonObject();
                foreach (var (key, value) in mapping.Children) members[((YamlScalarNode)key).Value!] = Convert(value);
                return members;
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select(Convert)]);
            case YamlScalarNode { Style: ScalarStyle.Plain } scalar:
                return scalar.Value switch
                {
                    null or "" or "null" or "~" => null,
                    "true" => true,
                    "false" => false,
                    var text when long.TryParse(text, out var number) => number,
                    var text => text,
                };
            default:
                return ((YamlScalarNode)node).Value;
        }
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CsiTcmu.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("no CsiTcmu.sln above the tests");
        return folder;
    }
}

using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>The definitions beside the types: a field that one has and the other has not would be lost without a word.</summary>
public sealed class DefinitionTests
{
    private static readonly Type[] Types = [typeof(TcmuVolume), typeof(TcmuSnapshot), typeof(TcmuSnapshotGroup), typeof(TcmuNode)];

    [Fact]
    public void Every_type_has_a_definition_and_every_definition_a_type() =>
        Assert.Equal(Types.Select(type => type.Name).Order(), Manifests.Definitions().Select(Kind).Order());

    [Fact]
    public void Fields_are_the_same()
    {
        foreach (var type in Types)
        {
            var schema = Version(type)["schema"]!["openAPIV3Schema"]!.AsObject();
            Assert.Equal(Fields(type, type.Name).Order(), Fields(schema, type.Name).Order());
        }
    }

    [Fact]
    public void Definitions_are_kept_and_have_status_and_columns()
    {
        foreach (var definition in Manifests.Definitions())
        {
            Assert.Equal("keep", (string?)definition["metadata"]!["annotations"]!["helm.sh/resource-policy"]);
            Assert.Equal("Cluster", (string?)definition["spec"]!["scope"]);
            var version = definition["spec"]!["versions"]!.AsArray().Single()!;
            Assert.NotNull(version["subresources"]!["status"]);
            Assert.NotEmpty(version["additionalPrinterColumns"]!.AsArray());
        }
    }

    private static string Kind(JsonObject definition) => (string)definition["spec"]!["names"]!["kind"]!;

    private static JsonNode Version(Type type) =>
        Manifests.Definitions().Single(definition => Kind(definition) == type.Name)["spec"]!["versions"]!.AsArray().Single()!;

    private static IEnumerable<string> Fields(JsonObject schema, string path)
    {
        if (schema["properties"] is JsonObject properties)
        {
            foreach (var (name, value) in properties)
            {
                yield return $"{path}.{name}";
                if (path.Contains('.', StringComparison.Ordinal) || name != "metadata")
                {
                    foreach (var field in Fields(value!.AsObject(), $"{path}.{name}")) yield return field;
                }
            }
        }
        else if (schema["items"] is JsonObject items)
        {
            foreach (var field in Fields(items, path)) yield return field;
        }
    }

    private static IEnumerable<string> Fields(Type type, string path)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            yield return $"{path}.{name}";
            var inner = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (inner.IsGenericType && typeof(IList).IsAssignableFrom(inner)) inner = inner.GetGenericArguments()[0];
            if (inner.Namespace != typeof(TcmuVolume).Namespace || inner == typeof(Quantity) || inner == typeof(ObjectMetadata)) continue;
            foreach (var field in Fields(inner, $"{path}.{name}")) yield return field;
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>The part of JSON schema that values.schema.json uses; any other keyword is an error, so that none is believed to be checked.</summary>
internal static class ValuesSchema
{
    /// <summary>What the schema has against the value, each with its place.</summary>
    public static IEnumerable<string> Complaints(JsonNode? value, JsonObject schema, string path = "")
    {
        foreach (var (keyword, rule) in schema)
        {
            foreach (var complaint in Complaints(value, keyword, rule!, schema, path)) yield return complaint;
        }
    }

    private static IEnumerable<string> Complaints(JsonNode? value, string keyword, JsonNode rule, JsonObject schema, string path)
    {
        switch (keyword)
        {
            case "$schema" or "title":
                return [];
            case "type":
                return TypeOf(value) == (string)rule! ? [] : [$"{path} is {TypeOf(value)}, not {rule}"];
            case "const":
                return JsonNode.DeepEquals(value, rule) ? [] : [$"{path} is not {rule}"];
            case "enum":
                return rule.AsArray().Any(allowed => JsonNode.DeepEquals(value, allowed)) ? [] : [$"{path} is {value}"];
            case "anyOf":
                return rule.AsArray().Any(one => !Complaints(value, one!.AsObject(), path).Any()) ? [] : [$"{path} is {value}"];
            case "minimum":
                return TypeOf(value) != "integer" || (long)value! >= (long)rule! ? [] : [$"{path} is less than {rule}"];
            case "maximum":
                return TypeOf(value) != "integer" || (long)value! <= (long)rule! ? [] : [$"{path} is more than {rule}"];
            case "minLength":
                return TypeOf(value) != "string" || ((string)value!).Length >= (int)rule! ? [] : [$"{path} is too short"];
            case "pattern":
                return TypeOf(value) != "string" || Regex.IsMatch((string)value!, (string)rule!, RegexOptions.NonBacktracking) ? [] : [$"{path} is {value}"];
            case "minItems":
                return value is not JsonArray list || list.Count >= (int)rule! ? [] : [$"{path} has too few items"];
            case "items":
                return value is not JsonArray items ? [] : items.SelectMany((item, index) => Complaints(item, rule.AsObject(), $"{path}[{index}]"));
            case "required":
                return value is not JsonObject required ? [] : rule.AsArray().Where(name => !required.ContainsKey((string)name!)).Select(name => $"{path} has no {name}");
            case "properties":
                return value is not JsonObject known
                    ? []
                    : known.Where(pair => rule.AsObject().ContainsKey(pair.Key)).SelectMany(pair => Complaints(pair.Value, rule[pair.Key]!.AsObject(), $"{path}.{pair.Key}"));
            case "additionalProperties":
                if (value is not JsonObject all) return [];
                var others = all.Where(pair => schema["properties"] is not JsonObject properties || !properties.ContainsKey(pair.Key));
                return rule is JsonObject inner
                    ? others.SelectMany(pair => Complaints(pair.Value, inner, $"{path}.{pair.Key}"))
                    : (bool)rule! ? [] : others.Select(pair => $"{path} must not have {pair.Key}");
            default:
                throw new NotSupportedException($"values.schema.json uses {keyword}");
        }
    }

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "integer",
            _ => "boolean",
        },
    };
}

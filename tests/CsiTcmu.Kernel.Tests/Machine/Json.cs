using System.Text.Json;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>What responses in JSON say.</summary>
internal static class Json
{
    /// <summary>A text or an enumeration's name within messages; empty when it is left out.</summary>
    /// <param name="message">The outermost message.</param>
    /// <param name="fields">The way to it.</param>
    public static string Text(this JsonElement message, params string[] fields) => message.Find(fields) is { } value ? value.ToString() : "";

    /// <summary>A number within messages; 0 when it is left out.</summary>
    public static long Number(this JsonElement message, params string[] fields) => message.Find(fields) is { } value ? long.Parse(value.ToString()) : 0;

    /// <summary>A flag within messages; false when it is left out.</summary>
    public static bool Flag(this JsonElement message, params string[] fields) => message.Find(fields) is { ValueKind: JsonValueKind.True };

    /// <summary>The elements of a list within messages; none when it is left out.</summary>
    public static IReadOnlyList<JsonElement> List(this JsonElement message, params string[] fields) => message.Find(fields) is { } value ? [.. value.EnumerateArray()] : [];

    private static JsonElement? Find(this JsonElement message, string[] fields)
    {
        foreach (var field in fields)
        {
            if (!message.TryGetProperty(field, out message)) return null;
        }

        return message;
    }
}

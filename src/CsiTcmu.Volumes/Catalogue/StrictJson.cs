using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CsiTcmu.Volumes;

/// <summary>Strict reading of the small files that say what things are.</summary>
internal static class StrictJson
{
    private const int LargestFile = 64 * 1024;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="type">What it holds.</param>
    /// <param name="version">The version that this program reads.</param>
    /// <param name="problem">Says what is wrong with a content; null when nothing is.</param>
    /// <param name="fix">A sentence that says what to do with a damaged one.</param>
    /// <exception cref="InvalidDataException">It is damaged; the message names the file and the fix.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, int version, Func<T, string?> problem, string fix)
        where T : class
    {
        byte[] content;
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > LargestFile) throw Damaged(path, $"it has {file.Length} bytes, which no descriptor has", fix);
            content = new byte[file.Length];
            file.ReadExactly(content);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Damaged(path, "it is missing", fix);
        }

        try
        {
            CheckVersion(path, content, version, fix);
            var value = JsonSerializer.Deserialize(content, type) ?? throw Damaged(path, "it is empty", fix);
            return problem(value) is { } found ? throw Damaged(path, found, fix) : value;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw Damaged(path, content.Length == 0 ? "it is empty" : cause.Message, fix, cause);
        }
    }

    /// <summary>The version comes first: a later one may have anything else.</summary>
    private static void CheckVersion(string path, byte[] content, int version, string fix)
    {
        using var document = JsonDocument.Parse(content);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("version", out var property) || !property.TryGetInt32(out var found))
            throw Damaged(path, "it has no version", fix);
        if (found != version)
            throw new InvalidDataException($"{path} is of version {found}, this program reads version {version}: use the program that wrote it, or a later one");
    }

    private static InvalidDataException Damaged(string path, string what, string fix, Exception? cause = null) =>
        new($"{path} is damaged: {what}. {fix}", cause);
}

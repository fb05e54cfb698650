using System.Text;
using Grpc.Core;

namespace CsiTcmu.Csi.Rules;

/// <summary>
/// Rules for paths: absolute, without <c>..</c> and NUL, within Linux's limits. What comes out is normalised: no empty and no <c>.</c>
/// parts, no slash at the end. Symbolic links are the business of whoever opens the path.
/// </summary>
internal static class Paths
{
    /// <summary>PATH_MAX (include/uapi/linux/limits.h), which counts the closing NUL.</summary>
    private const int MaximumPath = 4096 - 1;

    /// <summary>NAME_MAX (include/uapi/linux/limits.h).</summary>
    private const int MaximumName = 255;

    /// <summary>A path that must be there.</summary>
    /// <returns>The normalised path.</returns>
    public static string Required(string path, string field) =>
        path.Length > 0 ? Normalise(path, field) : throw CsiErrors.InvalidArgument($"{field} is required");

    /// <summary>A path that may be empty.</summary>
    /// <returns>The normalised path, or the empty string.</returns>
    public static string Optional(string path, string field) => path.Length > 0 ? Normalise(path, field) : "";

    /// <summary>
    /// The path on which a volume is looked up. One that cannot be a path of ours is a volume that is not there: NOT_FOUND, as
    /// NodeGetVolumeStats and NodeExpandVolume say it.
    /// </summary>
    /// <returns>The normalised path.</returns>
    public static string Lookup(string path, string field)
    {
        if (path.Length == 0)
            throw CsiErrors.InvalidArgument($"{field} is required");
        return Problem(path) is { } problem
            ? throw CsiErrors.Error(StatusCode.NotFound, $"no volume is at {field}, which {problem}")
            : Normalise(path, field);
    }

    /// <summary>True when one path is the other or lies within it.</summary>
    public static bool Overlap(string one, string other) => IsWithin(one, other) || IsWithin(other, one);

    private static bool IsWithin(string inner, string outer) =>
        inner.StartsWith(outer, StringComparison.Ordinal) && (inner.Length == outer.Length || inner[outer.Length] == '/');

    private static string Normalise(string path, string field) => Problem(path) is { } problem
        ? throw CsiErrors.InvalidArgument($"{field} {problem}")
        : "/" + string.Join('/', Parts(path));

    /// <summary>What is wrong with a path, as the end of a sentence; null when nothing is.</summary>
    private static string? Problem(string path)
    {
        if (path[0] != '/')
            return $"is not an absolute path: {CsiErrors.Quote(path)}";
        if (path.Contains('\0', StringComparison.Ordinal))
            return "contains a NUL character";
        if (Encoding.UTF8.GetByteCount(path) > MaximumPath)
            return $"is longer than {MaximumPath} bytes";
        var parts = Parts(path);
        if (parts.Length == 0)
            return "is the root directory";
        if (parts.Contains("..", StringComparer.Ordinal))
            return $"contains \"..\": {CsiErrors.Quote(path)}";
        return parts.Any(part => Encoding.UTF8.GetByteCount(part) > MaximumName) ? $"has a part longer than {MaximumName} bytes" : null;
    }

    private static string[] Parts(string path) =>
        [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => !string.Equals(part, ".", StringComparison.Ordinal))];
}

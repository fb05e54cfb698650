using System.Globalization;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>A pool as it is configured: a folder that holds images.</summary>
/// <param name="Name">What volumes call it: 1 to 63 of a-z, 0-9 and dash.</param>
/// <param name="Path">The folder, absolute.</param>
/// <param name="Reserve">Bytes of its file system that volumes are not promised.</param>
public sealed record PoolSpecification(string Name, string Path, long Reserve)
{
    private const int LongestName = 63;
    private const string Form = "NAME=PATH[,reserve=SIZE][,overcommitRatio=N]";
    private const decimal LargestRatio = 1000;

    /// <summary>How many bytes are promised to volumes for one that the file system has; 1: what is promised is there.</summary>
    public decimal OvercommitRatio { get; init; } = 1;

    /// <summary>
    /// Reads <c>NAME=PATH[,reserve=SIZE][,overcommitRatio=N]</c>: <c>fast=/var/lib/csi-tcmu/fast,reserve=10Gi,overcommitRatio=1.5</c>.
    /// </summary>
    /// <exception cref="FormatException">The text is something else; the message says what is wrong with which part.</exception>
    public static PoolSpecification Parse(string text)
    {
        var parts = text.Split(',');
        var equals = parts[0].IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) throw new FormatException($"pool '{text}' is not of the form {Form}");
        var name = parts[0][..equals];
        if (!IsName(name)) throw new FormatException($"pool name '{name}' must be 1 to {LongestName} characters of a-z, 0-9 and dash");
        var path = parts[0][(equals + 1)..];
        if (!path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal))
            throw new FormatException($"pool '{name}': path '{path}' must be absolute");

        var specification = new PoolSpecification(name, path.Length > 1 ? path.TrimEnd('/') : path, 0);
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var option in parts.Skip(1))
        {
            var pair = option.Split('=', 2);
            if (!given.Add(pair[0])) throw new FormatException($"pool '{name}': option '{pair[0]}' is given twice; give it once");
            specification = pair switch
            {
                ["reserve", var size] => specification with { Reserve = ParseSize(name, size) },
                ["overcommitRatio", var ratio] => specification with { OvercommitRatio = ParseRatio(name, ratio) },
                _ => throw new FormatException($"pool '{name}': option '{option}' is not known; the form is {Form}"),
            };
        }

        return specification;
    }

    private static long ParseSize(string pool, string text) => ByteSize.TryParse(text, out var size)
        ? size
        : throw new FormatException($"pool '{pool}': reserve '{text}' is not a size; write it like 10Gi");

    private static decimal ParseRatio(string pool, string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 1 and <= LargestRatio
            ? ratio
            : throw new FormatException($"pool '{pool}': overcommitRatio '{text}' is not a number from 1 to {LargestRatio}; write it like 1.5");

    /// <summary>True for a name that a pool may have.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}

using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>A pool as it is configured: a folder that holds images.</summary>
/// <param name="Name">What volumes call it: 1 to 63 of a-z, 0-9 and dash.</param>
/// <param name="Path">The folder, absolute.</param>
/// <param name="Reserve">Bytes of its file system that volumes are not promised.</param>
public sealed record PoolSpecification(string Name, string Path, long Reserve)
{
    private const int LongestName = 63;
    private const string Form = "NAME=PATH[,reserve=SIZE]";

    /// <summary>Reads <c>NAME=PATH[,reserve=SIZE]</c>: <c>fast=/var/lib/csi-tcmu/fast,reserve=10Gi</c>.</summary>
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

        var reserve = 0L;
        foreach (var option in parts.Skip(1))
        {
            var pair = option.Split('=', 2);
            if (pair.Length != 2 || !string.Equals(pair[0], "reserve", StringComparison.Ordinal))
                throw new FormatException($"pool '{name}': option '{option}' is not known; the form is {Form}");
            if (!ByteSize.TryParse(pair[1], out reserve))
                throw new FormatException($"pool '{name}': reserve '{pair[1]}' is not a size; write it like 10Gi");
        }

        return new PoolSpecification(name, path.Length > 1 ? path.TrimEnd('/') : path, reserve);
    }

    /// <summary>True for a name that a pool may have.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}

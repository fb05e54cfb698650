using System.Globalization;

namespace CsiTcmu.Volumes.Pools;

/// <summary>Sizes as people write them.</summary>
internal static class ByteSize
{
    public const long Mebibyte = 1L << 20;

    // Both families of Kubernetes' quantities; the longer suffix first.
    private static readonly (string Suffix, long Factor)[] Suffixes =
    [
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40), ("Pi", 1L << 50),
        ("k", 1000L), ("M", 1000_000L), ("G", 1000_000_000L), ("T", 1000_000_000_000L), ("P", 1000_000_000_000_000L),
    ];

    /// <summary>Reads a whole number of bytes with or without a suffix: <c>10Gi</c>.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        var factor = 1L;
        foreach (var (suffix, value) in Suffixes)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            factor = value;
            text = text[..^suffix.Length];
            break;
        }

        bytes = 0;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue / factor) return false;
        bytes = number * factor;
        return true;
    }

    /// <summary>A size for people: exact where a suffix divides it, else bytes.</summary>
    public static string Text(long bytes)
    {
        for (var i = 4; i >= 0; i--)
        {
            if (bytes > 0 && bytes % Suffixes[i].Factor == 0) return $"{bytes / Suffixes[i].Factor} {Suffixes[i].Suffix}B";
        }

        return $"{bytes} bytes";
    }
}

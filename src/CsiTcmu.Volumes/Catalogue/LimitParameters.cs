using System.Globalization;
using CsiTcmu.DataPlane;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>
/// The parameters that limit what a volume may do in a second. They can be given at creation and changed later; each that is given later
/// takes the place of the one before, and those that are not given stay.
/// </summary>
internal static class LimitParameters
{
    /// <summary>Fewest operations per second: with the thousand that an initiator may have waiting, the last is served within its patience.</summary>
    public const long LeastOperations = 10;

    /// <summary>Fewest bytes per second, for the same reason.</summary>
    public const long LeastBandwidth = 1_000_000;

    private const string Unlimited = "none";
    private const string BurstSeconds = "burstSeconds";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Keys { get; } =
        ["iops", "readIops", "writeIops", "bandwidth", "readBandwidth", "writeBandwidth", BurstSeconds];

    /// <summary>Reads parameters, of which others are passed over.</summary>
    /// <param name="parameters">As given at creation.</param>
    /// <param name="mutable">As given later or beside them; these take precedence.</param>
    /// <exception cref="VolumeException">InvalidArgument: a value is none, or a mutable key is not known.</exception>
    public static DiskLimits Parse(IReadOnlyDictionary<string, string> parameters, IReadOnlyDictionary<string, string> mutable)
    {
        foreach (var key in mutable.Keys)
        {
            if (!Keys.Contains(key, StringComparer.Ordinal))
                throw Refuse($"parameter '{key}' cannot be changed; those that can be are: {string.Join(", ", Keys)}");
        }

        // A value that is overridden is read as well: a wrong one is never passed over.
        _ = Read(parameters);
        return Read(Merge(parameters, mutable));
    }

    /// <summary>Values with later ones in their place.</summary>
    public static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, string> later)
    {
        var merged = new Dictionary<string, string>(values, StringComparer.Ordinal);
        foreach (var (key, value) in later) merged[key] = value;
        return merged;
    }

    private static DiskLimits Read(IReadOnlyDictionary<string, string> values) => new()
    {
        Operations = Operations(values, "iops"),
        ReadOperations = Operations(values, "readIops"),
        WriteOperations = Operations(values, "writeIops"),
        Bandwidth = Bandwidth(values, "bandwidth"),
        ReadBandwidth = Bandwidth(values, "readBandwidth"),
        WriteBandwidth = Bandwidth(values, "writeBandwidth"),
        BurstSeconds = Seconds(values),
    };

    private static long Operations(IReadOnlyDictionary<string, string> values, string key)
    {
        if (!values.TryGetValue(key, out var text) || text == Unlimited) return 0;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate))
            throw Refuse($"parameter '{key}' is '{text}'; it must be a whole number of operations per second, as 500, or {Unlimited}");
        if (rate < LeastOperations)
            throw Refuse($"parameter '{key}' is {rate}; it must be {LeastOperations} operations per second or more, or {Unlimited} for no limit");
        return rate;
    }

    private static long Bandwidth(IReadOnlyDictionary<string, string> values, string key)
    {
        if (!values.TryGetValue(key, out var text) || text == Unlimited) return 0;
        if (!ByteSize.TryParse(text, out var rate))
            throw Refuse($"parameter '{key}' is '{text}'; it must be a number of bytes per second, as 20M or 32Mi, or {Unlimited}");
        if (rate < LeastBandwidth)
            throw Refuse($"parameter '{key}' is {rate} bytes per second; it must be {LeastBandwidth} or more, or {Unlimited} for no limit");
        return rate;
    }

    private static int Seconds(IReadOnlyDictionary<string, string> values)
    {
        if (!values.TryGetValue(BurstSeconds, out var text)) return 0;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DiskLimits.MaximumBurstSeconds)
            throw Refuse($"parameter '{BurstSeconds}' is '{text}'; it must be a whole number of seconds from 0 to {DiskLimits.MaximumBurstSeconds}");
        return seconds;
    }

    private static VolumeException Refuse(string message) => new(VolumeError.InvalidArgument, message);
}

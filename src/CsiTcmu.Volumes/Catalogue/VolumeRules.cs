namespace CsiTcmu.Volumes;

/// <summary>What a wish comes down to.</summary>
/// <param name="Pool">Pool that it names; empty for any.</param>
/// <param name="FileSystem">File system of the volume.</param>
/// <param name="MinimumSize">The smallest size that it may have.</param>
public sealed record VolumeTerms(string Pool, string FileSystem, long MinimumSize);

/// <summary>
/// The rules of volumes that need no node, so that a wish that cannot be is refused before anything is made, and where it came in.
/// </summary>
public static class VolumeRules
{
    /// <summary>Reads a wish.</summary>
    /// <exception cref="VolumeException">InvalidArgument or OutOfRange: it can be fulfilled nowhere.</exception>
    public static VolumeTerms Check(VolumeWish wish)
    {
        ArgumentNullException.ThrowIfNull(wish);
        VolumeSizes.Check(wish.Size);
        var parameters = VolumeParameters.Parse(wish.Parameters, wish.FileSystem, wish.Block, wish.MutableParameters);
        return new VolumeTerms(parameters.Pool, parameters.FileSystem, VolumeSizes.Minimum(parameters.FileSystem, wish.Block));
    }

    /// <summary>Reads parameters that are to be changed.</summary>
    /// <exception cref="VolumeException">InvalidArgument: a key or value is not known.</exception>
    public static void CheckMutable(IReadOnlyDictionary<string, string> mutableParameters) =>
        _ = LimitParameters.Parse(new Dictionary<string, string>(StringComparer.Ordinal), mutableParameters);

    /// <summary>Reads parameters of a snapshot or group.</summary>
    /// <exception cref="VolumeException">InvalidArgument: a key or value is not known.</exception>
    public static void CheckSnapshot(IReadOnlyDictionary<string, string> parameters) => _ = SnapshotParameters.Parse(parameters);

    /// <summary>True when two sets of parameters ask for the same of a snapshot or group, whomever it is for.</summary>
    /// <exception cref="VolumeException">InvalidArgument: a key or value is not known.</exception>
    public static bool IsSameSnapshot(IReadOnlyDictionary<string, string> parameters, IReadOnlyDictionary<string, string> others) =>
        SnapshotParameters.Parse(parameters) == SnapshotParameters.Parse(others);

    /// <summary>True when volumes of these parameters are encrypted.</summary>
    /// <exception cref="VolumeException">InvalidArgument: a value is not known.</exception>
    public static bool IsEncrypted(IReadOnlyDictionary<string, string> parameters) => EncryptionParameters.Parse(parameters).Enabled;

    /// <summary>Mutable parameters with later ones in their place.</summary>
    public static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, string> later) =>
        LimitParameters.Merge(values, later);

    /// <summary>The size of a volume that shall be in the range, a whole number of steps.</summary>
    /// <param name="range">The wish.</param>
    /// <param name="minimum">The smallest size that can be.</param>
    /// <param name="maximum">The largest size that can be; null for what can be anywhere.</param>
    /// <exception cref="VolumeException">OutOfRange.</exception>
    public static long ChooseSize(SizeRange range, long minimum, long? maximum = null) =>
        VolumeSizes.Choose(range, minimum, maximum ?? VolumeSizes.Maximum);

    /// <summary>True when a volume of that size satisfies the wish.</summary>
    public static bool Satisfies(long size, SizeRange range) => VolumeSizes.Satisfies(size, range);
}

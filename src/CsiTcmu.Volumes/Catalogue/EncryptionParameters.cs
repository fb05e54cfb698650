using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>The parameters that say whether and how a volume is encrypted.</summary>
/// <param name="Enabled">True when it is.</param>
/// <param name="Discard">True when discards reach the image.</param>
/// <param name="KeyMemory">Memory that one try of a passphrase takes, bytes.</param>
internal sealed record EncryptionParameters(bool Enabled, bool Discard, long KeyMemory)
{
    public const string EnabledKey = "encrypted";
    public const string DiscardKey = "encryptionDiscard";
    public const string KeyMemoryKey = "encryptionKeyMemory";

    // RFC 9106, the second recommended choice: it fits beside the driver into a container with a limit, where cryptsetup's own choice, up to 1 GiB, does not.
    private const long DefaultKeyMemory = 64 * ByteSize.Mebibyte;

    private const long LeastKeyMemory = ByteSize.Mebibyte, MostKeyMemory = 1024 * ByteSize.Mebibyte;

    /// <summary>Not encrypted.</summary>
    public static EncryptionParameters None { get; } = new(Enabled: false, Discard: false, 0);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Keys { get; } = [EnabledKey, DiscardKey, KeyMemoryKey];

    /// <summary>What the image holds beside the volume's bytes.</summary>
    public long Overhead => Enabled ? EncryptionTools.HeaderBytes : 0;

    /// <summary>Reads parameters, of which others are passed over.</summary>
    /// <exception cref="VolumeException">InvalidArgument: a value is none, or says something of an encryption that is not wanted.</exception>
    public static EncryptionParameters Parse(IReadOnlyDictionary<string, string> parameters)
    {
        var enabled = Flag(parameters, EnabledKey);
        var discard = Flag(parameters, DiscardKey);
        var memory = Memory(parameters);
        if (enabled) return new EncryptionParameters(enabled, discard, memory);
        var idle = discard ? DiscardKey : parameters.ContainsKey(KeyMemoryKey) ? KeyMemoryKey : null;
        return idle is null ? None : throw Refuse($"parameter '{idle}' says something of an encryption that is not asked for; set '{EnabledKey}' to true, or leave it out");
    }

    private static bool Flag(IReadOnlyDictionary<string, string> parameters, string key) => parameters.GetValueOrDefault(key) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw Refuse($"parameter '{key}' is '{other}'; it must be true or false"),
    };

    private static long Memory(IReadOnlyDictionary<string, string> parameters)
    {
        if (!parameters.TryGetValue(KeyMemoryKey, out var text)) return DefaultKeyMemory;
        return ByteSize.TryParse(text, out var bytes) && bytes is >= LeastKeyMemory and <= MostKeyMemory
            ? bytes
            : throw Refuse($"parameter '{KeyMemoryKey}' is '{text}'; it must be a size from 1Mi to 1Gi, as 64Mi");
    }

    private static VolumeException Refuse(string message) => new(VolumeError.InvalidArgument, message);
}

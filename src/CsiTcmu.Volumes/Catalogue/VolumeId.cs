using System.Security.Cryptography;
using System.Text;

namespace CsiTcmu.Volumes;

/// <summary>
/// Ids of volumes, snapshots and groups. An id is a folder's name in a pool, a name in configfs and, on Kubernetes, a resource's name, so it is 1 to 128 of
/// a-z, 0-9, dash and dot, begins and ends with a letter or digit, and holds no two dots in a row. Anything else names no volume, and
/// never becomes a path.
/// </summary>
internal static class VolumeId
{
    private const int Longest = 128;
    private const int HashDigits = 40;

    // No id that a caller can name has an underline.
    private const string EphemeralPrefix = "ephemeral_";

    /// <summary>True for a text that can be an id, as callers name it.</summary>
    public static bool IsValid(string id) =>
        id.Length is > 0 and <= Longest
        && id.All(c => IsEnd(c) || c is '-' or '.')
        && IsEnd(id[0]) && IsEnd(id[^1])
        && !id.Contains("..", StringComparison.Ordinal);

    /// <summary>True for an id that a volume in a pool can have, an ephemeral one included.</summary>
    public static bool IsStored(string id) => IsValid(id)
        || (id.Length == EphemeralPrefix.Length + HashDigits
            && id.StartsWith(EphemeralPrefix, StringComparison.Ordinal) && id[EphemeralPrefix.Length..].All(char.IsAsciiHexDigitLower));

    /// <summary>The id here of the ephemeral volume that the caller calls so.</summary>
    public static string OfEphemeral(string id) => EphemeralPrefix + Hash(id)[..HashDigits];

    /// <summary>The id of the volume of that name: the name itself where that can be, else a hash of it.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the name is empty or longer than 128 bytes.</exception>
    public static string Of(string name) => Of(name, "volume", "v-");

    /// <summary>The id of the snapshot of that name, in the same way.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the name is empty or longer than 128 bytes.</exception>
    public static string OfSnapshot(string name) => Of(name, "snapshot", "s-");

    /// <summary>The id of the group of that name, in the same way.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the name is empty or longer than 128 bytes.</exception>
    public static string OfGroup(string name) => Of(name, "group", "g-");

    /// <summary>The id of a group's snapshot of a volume: always the same one, so that a repetition finds it.</summary>
    public static string OfMember(string group, string volume) => "s-" + Hash($"{group}/{volume}")[..HashDigits];

    /// <summary>SHA-256 of a text, 64 hexadecimal digits.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The failure that says that there is no such volume. Text that cannot be an id is not repeated.</summary>
    public static VolumeException NotFound(string id) => new(
        VolumeError.NotFound,
        IsValid(id) ? $"there is no volume '{id}' on this node" : "there is no such volume on this node; its id is none that this driver gives out");

    /// <summary>The failure that says that there is no such snapshot.</summary>
    public static VolumeException NoSnapshot(string id) => new(
        VolumeError.NotFound,
        IsValid(id) ? $"there is no snapshot '{id}' on this node" : "there is no such snapshot on this node; its id is none that this driver gives out");

    /// <summary>The failure that says that there is no such group.</summary>
    public static VolumeException NoGroup(string id) => new(
        VolumeError.NotFound,
        IsValid(id) ? $"there is no group of snapshots '{id}' on this node" : "there is no such group of snapshots on this node; its id is none that this driver gives out");

    private static string Of(string name, string kind, string prefix)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        if (length is 0 or > Longest)
            throw new VolumeException(VolumeError.InvalidArgument, $"a {kind}'s name must have 1 to {Longest} bytes; this one has {length}");
        return IsValid(name) ? name : prefix + Hash(name)[..HashDigits];
    }

    private static bool IsEnd(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}

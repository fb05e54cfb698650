using System.Security.Cryptography;
using System.Text;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// Names of resources, which are also ids in CSI: a subdomain of RFC 1123 (a-z, 0-9, dash, dot), at most 128 bytes. Every such name is an
/// id that the nodes accept too.
/// </summary>
internal static class ResourceNames
{
    private const int Longest = 128;
    private const int LongestLabel = 63;
    private const int HashDigits = 40;

    /// <summary>The name of the resource for a volume's name of CSI: that itself where it can be, else a hash of it.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the name is empty or longer than 128 bytes.</exception>
    public static string Of(string name) => Of(name, "volume", "v-");

    /// <summary>The name of the resource for a snapshot's name of CSI, in the same way.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the name is empty or longer than 128 bytes.</exception>
    public static string OfSnapshot(string name) => Of(name, "snapshot", "s-");

    /// <summary>The name of the resource for a group's name of CSI, in the same way.</summary>
    /// <exception cref="VolumeException">InvalidArgument: the name is empty or longer than 128 bytes.</exception>
    public static string OfGroup(string name) => Of(name, "group", "g-");

    /// <summary>True for a text that can be the name of a resource of ours.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= Longest && name.Split('.').All(label =>
            label.Length is > 0 and <= LongestLabel
            && label.All(c => IsEnd(c) || c == '-')
            && IsEnd(label[0]) && IsEnd(label[^1]));

    private static string Of(string name, string kind, string prefix)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length is 0 or > Longest)
            throw new VolumeException(VolumeError.InvalidArgument, $"a {kind}'s name must have 1 to {Longest} bytes; this one has {bytes.Length}");
        return IsValid(name) ? name : prefix + Convert.ToHexStringLower(SHA256.HashData(bytes))[..HashDigits];
    }

    private static bool IsEnd(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}

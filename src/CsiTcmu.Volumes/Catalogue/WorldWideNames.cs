using System.Security.Cryptography;

namespace CsiTcmu.Volumes;

/// <summary>
/// World wide names of volumes: random, given at creation, kept in the descriptor. They carry the company id that Linux targets use
/// (00-14-05), in the NAA formats of SPC-4 7.8.6.6.
/// </summary>
internal static class WorldWideNames
{
    /// <summary>NAA 6 and the company id: 7 of the disk's 32 digits.</summary>
    public const string DiskPrefix = "6001405";

    /// <summary>NAA 5 and the company id: 7 of the target's 16 digits.</summary>
    public const string TargetPrefix = "naa.5001405";

    private const int DiskDigits = 32;
    private const int TargetDigits = 16;

    /// <summary>A new name for a disk: 32 hexadecimal digits.</summary>
    public static string NewDisk() => DiskPrefix + RandomNumberGenerator.GetHexString(DiskDigits - DiskPrefix.Length, lowercase: true);

    /// <summary>A new name for a loopback target: <c>naa.</c> and 16 hexadecimal digits.</summary>
    public static string NewTarget() => TargetPrefix + RandomNumberGenerator.GetHexString("naa.".Length + TargetDigits - TargetPrefix.Length, lowercase: true);

    /// <summary>True for a disk's name.</summary>
    public static bool IsDisk(string name) => name.Length == DiskDigits && name[0] == '6' && name.All(char.IsAsciiHexDigitLower);

    /// <summary>True for a loopback target's name.</summary>
    public static bool IsTarget(string name) =>
        name.Length == "naa.".Length + TargetDigits && name.StartsWith("naa.5", StringComparison.Ordinal) && name.Skip("naa.".Length).All(char.IsAsciiHexDigitLower);
}

using System.Text;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules for every field (CSI specification, "Field Requirements"). A violation is INVALID_ARGUMENT that names the field.</summary>
internal static class Fields
{
    /// <summary>Longest string, bytes of UTF-8, unless a field says otherwise.</summary>
    public const int MaximumString = 128;

    /// <summary>Largest map of strings, bytes of its keys and values.</summary>
    public const int MaximumMap = 4096;

    /// <summary>Largest list of mount flags, bytes in all.</summary>
    public const int MaximumMountFlags = 4096;

    /// <summary>A string that must be there.</summary>
    public static string Required(string value, string field) =>
        value.Length > 0 ? Optional(value, field) : throw CsiErrors.InvalidArgument($"{field} is required");

    /// <summary>A string that may be empty.</summary>
    public static string Optional(string value, string field)
    {
        if (Encoding.UTF8.GetByteCount(value) > MaximumString)
            throw CsiErrors.InvalidArgument($"{field} is longer than {MaximumString} bytes");
        RefuseControlCharacters(value, field);
        return value;
    }

    /// <summary>A message that must be there.</summary>
    public static T Required<T>(T? message, string field)
        where T : class => message ?? throw CsiErrors.InvalidArgument($"{field} is required");

    /// <summary>A map that may be empty.</summary>
    public static void Map(IEnumerable<KeyValuePair<string, string>> map, string field)
    {
        var size = 0L;
        foreach (var (key, value) in map)
            size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);
        if (size > MaximumMap)
            throw CsiErrors.InvalidArgument($"{field} is larger than {MaximumMap} bytes");
    }

    /// <summary>
    /// Characters that the specification bans from names: U+0000 to U+0008, U+000B, U+000C, U+000E to U+001F, U+007F to U+009F.
    /// Tab, line feed and carriage return are allowed.
    /// </summary>
    public static void RefuseControlCharacters(string value, string field)
    {
        foreach (var character in value)
        {
            if (char.IsControl(character) && character is not ('\t' or '\n' or '\r'))
                throw CsiErrors.InvalidArgument($"{field} contains the control character U+{(int)character:X4}");
        }
    }
}

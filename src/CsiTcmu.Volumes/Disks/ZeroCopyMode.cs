namespace CsiTcmu.Volumes;

/// <summary>Whether the kernel shall show a disk's server the pages of commands instead of copying them (<c>deploy/kernel</c>).</summary>
public enum ZeroCopyMode
{
    /// <summary>No.</summary>
    Off,

    /// <summary>Where the module can do it and the disk's image gains by it: one that goes through the page cache because its file system has no direct I/O.</summary>
    Auto,

    /// <summary>Yes: its image goes through the page cache, and where the kernel cannot do it there is no disk.</summary>
    Required,
}

/// <summary>The parameter that says so of one volume, and the words of it.</summary>
public static class ZeroCopyParameter
{
    /// <summary>Its name.</summary>
    public const string Key = "zeroCopy";

    /// <summary>All words, as the option of the node has them too.</summary>
    public static IReadOnlyList<string> Words { get; } = ["auto", "off", "required"];

    /// <summary>Reads parameters, of which others are passed over.</summary>
    /// <returns>Null when nothing is said.</returns>
    /// <exception cref="VolumeException">InvalidArgument: the value is no word.</exception>
    public static ZeroCopyMode? Parse(IReadOnlyDictionary<string, string> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!parameters.TryGetValue(Key, out var word)) return null;
        return TryParse(word, out var mode)
            ? mode
            : throw new VolumeException(VolumeError.InvalidArgument, $"parameter '{Key}' is '{word}'; it must be one of: {string.Join(", ", Words)}");
    }

    /// <summary>Reads a word.</summary>
    public static bool TryParse(string word, out ZeroCopyMode mode)
    {
        mode = word switch
        {
            "auto" => ZeroCopyMode.Auto,
            "required" => ZeroCopyMode.Required,
            _ => ZeroCopyMode.Off,
        };
        return Words.Contains(word, StringComparer.Ordinal);
    }
}

namespace CsiTcmu.Volumes;

/// <summary>
/// Extra words for mkfs. They reach mkfs as arguments, never a shell; still mkfs has options that read or write files of the node
/// (mke2fs -d, mkfs.xfs -p, mkfs.btrfs -r), so only those that shape the file system are let through.
/// </summary>
internal static class MkfsOptions
{
    private const int Longest = 1024;

    private static readonly Dictionary<string, Rules> ByFileSystem = new(StringComparer.Ordinal)
    {
        ["ext4"] = new Rules("bCEgGiIJLmNOTU", [], ["device="]),
        ["btrfs"] = new Rules("dLmnORs", ["-K", "-M"], []),
        ["xfs"] = new Rules("bdilmnsL", ["-K"], ["file", "name=", "logdev=", "rtdev=", "fd="]),
    };

    /// <summary>Splits and checks.</summary>
    /// <param name="text">Words with blanks between: <c>-m 1 -O ^has_journal</c>.</param>
    /// <param name="fileSystem">ext4, xfs or btrfs.</param>
    /// <exception cref="VolumeException">InvalidArgument: a word is not let through.</exception>
    public static IReadOnlyList<string> Parse(string text, string fileSystem)
    {
        if (text.Length > Longest) throw Refuse($"is longer than {Longest} characters");
        var words = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var rules = ByFileSystem[fileSystem];
        for (var at = 0; at < words.Length; at++)
        {
            var word = words[at];
            if (rules.Alone.Contains(word, StringComparer.Ordinal)) continue;
            if (word.Length < 2 || word[0] != '-' || !rules.WithValue.Contains(word[1], StringComparison.Ordinal))
                throw Refuse($"holds '{word}', which is not one of the options of mkfs.{fileSystem} that are let through: {rules.Names}");
            var value = word.Length > 2 ? word[2..] : at + 1 < words.Length ? words[++at] : throw Refuse($"ends with '{word}', which lacks its value");
            if (value[0] == '-' || value.Any(c => c == '/' || c < ' ' || c > '~') || rules.Forbidden.Any(part => value.Split(',').Any(item => item.StartsWith(part, StringComparison.Ordinal))))
                throw Refuse($"holds '{word}' with a value that is not let through (no path, no device, no file)");
        }

        return words;
    }

    private static VolumeException Refuse(string what) => new(VolumeError.InvalidArgument, $"parameter '{VolumeParameters.MkfsOptionsKey}' {what}");

    /// <param name="WithValue">Letters of options that take a value, so that nothing can hide behind them in one word.</param>
    /// <param name="Alone">Options without a value.</param>
    /// <param name="Forbidden">Beginnings of suboptions that name files.</param>
    private sealed record Rules(string WithValue, string[] Alone, string[] Forbidden)
    {
        public string Names => string.Join(' ', WithValue.Select(letter => $"-{letter}").Concat(Alone));
    }
}

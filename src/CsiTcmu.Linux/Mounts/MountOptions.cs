using System.Text;

namespace CsiTcmu.Linux.Mounts;

/// <summary>Mount options, parted as <c>mount(2)</c> wants them: flags, and the file system's own words.</summary>
/// <param name="Flags">MS_* flags.</param>
/// <param name="Data">The file system's own options, with commas between.</param>
public sealed record MountOptions(MountFlags Flags, string Data)
{
    /// <summary>Flags that each mount of a file system has for itself.</summary>
    public const MountFlags PerMount =
        MountFlags.ReadOnly | MountFlags.NoSetUser | MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.NoSymbolicLinks
        | MountFlags.NoAccessTime | MountFlags.NoDirectoryAccessTime | MountFlags.RelativeAccessTime | MountFlags.StrictAccessTime;

    /// <summary>Flags that all mounts of a file system share.</summary>
    public const MountFlags PerFileSystem =
        MountFlags.ReadOnly | MountFlags.Synchronous | MountFlags.DirectorySynchronous | MountFlags.LazyTime;

    private const MountFlags None = MountFlags.None;

    private const int LongestData = 4095; // a page with its NUL, fs/namespace.c copy_mount_options

    private const MountFlags AccessTime = MountFlags.NoAccessTime | MountFlags.RelativeAccessTime | MountFlags.StrictAccessTime;

    // Word, what it sets, what it clears (mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS").
    private static readonly Dictionary<string, (MountFlags Set, MountFlags Clear)> Words = new(StringComparer.Ordinal)
    {
        ["defaults"] = (None, None),
        ["ro"] = (MountFlags.ReadOnly, None),
        ["rw"] = (None, MountFlags.ReadOnly),
        ["nosuid"] = (MountFlags.NoSetUser, None),
        ["suid"] = (None, MountFlags.NoSetUser),
        ["nodev"] = (MountFlags.NoDevices, None),
        ["dev"] = (None, MountFlags.NoDevices),
        ["noexec"] = (MountFlags.NoExecute, None),
        ["exec"] = (None, MountFlags.NoExecute),
        ["sync"] = (MountFlags.Synchronous, None),
        ["async"] = (None, MountFlags.Synchronous),
        ["dirsync"] = (MountFlags.DirectorySynchronous, None),
        ["noatime"] = (MountFlags.NoAccessTime, AccessTime),
        ["atime"] = (None, MountFlags.NoAccessTime),
        ["relatime"] = (MountFlags.RelativeAccessTime, AccessTime),
        ["norelatime"] = (None, MountFlags.RelativeAccessTime),
        ["strictatime"] = (MountFlags.StrictAccessTime, AccessTime),
        ["nostrictatime"] = (None, MountFlags.StrictAccessTime),
        ["nodiratime"] = (MountFlags.NoDirectoryAccessTime, None),
        ["diratime"] = (None, MountFlags.NoDirectoryAccessTime),
        ["lazytime"] = (MountFlags.LazyTime, None),
        ["nolazytime"] = (None, MountFlags.LazyTime),
        ["nosymfollow"] = (MountFlags.NoSymbolicLinks, None),
        ["symfollow"] = (None, MountFlags.NoSymbolicLinks),

        // For those who read fstab only.
        ["auto"] = (None, None),
        ["noauto"] = (None, None),
        ["nofail"] = (None, None),
        ["_netdev"] = (None, None),
    };

    // These make mount(2) do something else than mount a file system.
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "remount", "bind", "rbind", "move", "loop", "offset", "sizelimit",
        "shared", "rshared", "private", "rprivate", "slave", "rslave", "unbindable", "runbindable",
        "user", "users", "owner", "group",
    };

    /// <summary>Parts a list of options; each element is one option or several with commas between.</summary>
    /// <exception cref="FormatException">An option that is not one of a plain mount, or too many; the message does not repeat values.</exception>
    public static MountOptions Parse(IEnumerable<string> options)
    {
        var flags = MountFlags.None;
        var data = new List<string>();
        foreach (var option in options.SelectMany(Split))
        {
            if (option.Length == 0 || option.StartsWith("x-", StringComparison.Ordinal)) continue;
            if (Words.TryGetValue(option, out var word)) flags = (flags & ~word.Clear) | word.Set;
            else if (Refused.Contains(Key(option))) throw new FormatException($"mount option '{Key(option)}' is not for a volume; leave it out");
            else if (option.Contains('\0', StringComparison.Ordinal)) throw new FormatException("a mount option holds a NUL character");
            else data.Add(option);
        }

        var text = string.Join(',', data);
        return Encoding.UTF8.GetByteCount(text) <= LongestData
            ? new MountOptions(flags, text)
            : throw new FormatException($"mount options are longer than {LongestData} bytes");
    }

    /// <summary>The flags among options of a mount that the kernel prints. It prints nothing for <c>strictatime</c>.</summary>
    public static MountFlags PrintedPerMount(string printed)
    {
        var flags = FlagsOf(printed) & PerMount;
        return (flags & AccessTime) == None ? flags | MountFlags.StrictAccessTime : flags;
    }

    /// <summary>The flags among options of a file system that the kernel prints.</summary>
    public static MountFlags PrintedPerFileSystem(string printed) => FlagsOf(printed) & PerFileSystem;

    private static MountFlags FlagsOf(string printed)
    {
        var flags = MountFlags.None;
        foreach (var option in printed.Split(','))
        {
            if (Words.TryGetValue(option, out var word)) flags = (flags & ~word.Clear) | word.Set;
        }

        return flags;
    }

    /// <summary>The per-mount flags that a new mount with these options has: the kernel's default for access times is said.</summary>
    public MountFlags Effective => (Flags & AccessTime) == None ? (Flags & PerMount) | MountFlags.RelativeAccessTime : Flags & PerMount;

    /// <summary>
    /// The per-mount flags of a bind mount of a mount with flags <paramref name="source"/> and with these options: what the source
    /// forbids stays forbidden, access times are as these options say, or as the source has them.
    /// </summary>
    public MountFlags Over(MountFlags source)
    {
        var asked = Flags & PerMount;
        return (asked & AccessTime) == None ? asked | source : asked | (source & ~AccessTime);
    }

    /// <summary>These options and one more of the file system's own.</summary>
    public MountOptions With(string option) =>
        Data.Split(',').Contains(option, StringComparer.Ordinal) ? this : this with { Data = Data.Length > 0 ? $"{Data},{option}" : option };

    /// <summary>Splits at commas that are not within double quotes (SELinux contexts hold some).</summary>
    internal static IEnumerable<string> Split(string options)
    {
        var start = 0;
        var quoted = false;
        for (var at = 0; at < options.Length; at++)
        {
            if (options[at] == '"') quoted = !quoted;
            if (options[at] != ',' || quoted) continue;
            yield return options[start..at];
            start = at + 1;
        }

        yield return options[start..];
    }

    /// <summary>The options as words for mount(8).</summary>
    public override string ToString() =>
        string.Join(',', Words.Where(word => word.Value.Set != None && Flags.HasFlag(word.Value.Set)).Select(word => word.Key).Append(Data).Where(word => word.Length > 0));

    private static string Key(string option) => option.Split('=', 2)[0];
}

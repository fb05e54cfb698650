using System.Text;

namespace CsiTcmu.Linux.Mounts;

/// <summary>The mounts that this process sees, at one moment.</summary>
public sealed class MountTable
{
    private const string Table = "/proc/self/mountinfo";
    private const int MostReads = 10;

    private MountTable(IReadOnlyList<MountEntry> entries) => Entries = entries;

    /// <summary>All mounts, in the kernel's order.</summary>
    public IReadOnlyList<MountEntry> Entries { get; }

    /// <summary>Reads the kernel's table.</summary>
    /// <exception cref="IOException">The table cannot be read, or holds a line that is not one.</exception>
    public static MountTable Read()
    {
        // The kernel hands out the table page by page, and a mount that ends in between can hide another one: two equal readings are
        // one moment.
        var text = File.ReadAllText(Table);
        for (var reads = 1; reads < MostReads; reads++)
        {
            var again = File.ReadAllText(Table);
            if (string.Equals(text, again, StringComparison.Ordinal)) break;
            text = again;
        }

        return Parse(text);
    }

    /// <summary>Reads a table's text.</summary>
    /// <exception cref="InvalidDataException">It holds a line that is not one.</exception>
    public static MountTable Parse(string text)
    {
        var entries = new List<MountEntry>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) entries.Add(ParseLine(line));
        return new MountTable(entries);
    }

    /// <summary>The mount that a lookup of that canonical path ends on; null when nothing is mounted just there.</summary>
    public MountEntry? Top(string target)
    {
        var here = At(target);
        return here.LastOrDefault(entry => !here.Any(other => other.Parent == entry.Id));
    }

    /// <summary>Every mount on that canonical path: several when they cover each other.</summary>
    public IReadOnlyList<MountEntry> At(string target) =>
        [.. Entries.Where(entry => string.Equals(entry.Target, target, StringComparison.Ordinal))];

    /// <summary>Every mount of the file system on a block device.</summary>
    public IReadOnlyList<MountEntry> Of(DeviceNumber device) => [.. Entries.Where(entry => entry.Disk == device)];

    private static MountEntry ParseLine(string line)
    {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        var fields = line.Split(' ');
        var dash = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
        if (dash < 0 || fields.Length < dash + 4 || !int.TryParse(fields[0], out var id) || !int.TryParse(fields[1], out var parent))
            throw new InvalidDataException($"{Table} has a line that cannot be understood: {line}");
        return new MountEntry
        {
            Id = id,
            Parent = parent,
            Device = ParseDevice(fields[2], line),
            Root = Unescape(fields[3]),
            Target = Unescape(fields[4]),
            Options = fields[5],
            FileSystem = Unescape(fields[dash + 1]),
            Source = Unescape(fields[dash + 2]),
            SuperOptions = fields[dash + 3],
        };
    }

    private static DeviceNumber ParseDevice(string text, string line)
    {
        try
        {
            return DeviceNumber.Parse(text);
        }
        catch (FormatException cause)
        {
            throw new InvalidDataException($"{Table} has a line that cannot be understood: {line}", cause);
        }
    }

    /// <summary>Turns <c>\040</c> and the like back into what they stand for.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal)) return field;
        var text = new StringBuilder(field.Length);
        for (var at = 0; at < field.Length; at++)
        {
            if (field[at] == '\\' && at + 3 < field.Length && IsOctal(field[at + 1]) && IsOctal(field[at + 2]) && IsOctal(field[at + 3]))
            {
                text.Append((char)(((field[at + 1] - '0') << 6) | ((field[at + 2] - '0') << 3) | (field[at + 3] - '0')));
                at += 3;
            }
            else
            {
                text.Append(field[at]);
            }
        }

        return text.ToString();
    }

    private static bool IsOctal(char digit) => digit is >= '0' and <= '7';
}

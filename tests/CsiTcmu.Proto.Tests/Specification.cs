namespace CsiTcmu.Proto.Tests;

/// <summary>The facts of specification.txt.</summary>
internal sealed record Fact(string Version, string Text)
{
    public const string Reserved = "reserved ";

    /// <summary>All facts; see the head of the file for where they come from.</summary>
    public static readonly IReadOnlyList<Fact> All = [.. Read()];

    private static IEnumerable<Fact> Read()
    {
        using var reader = new StreamReader(typeof(Fact).Assembly.GetManifestResourceStream("specification.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
                yield return new Fact(line[..4], line[5..]);
        }
    }
}

using System.Text.RegularExpressions;

namespace CsiTcmu.Volumes.Tests;

/// <summary>What docs/parameters.md says there is, and what the driver takes.</summary>
public sealed partial class ParameterTableTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Root(), "docs", "parameters.md"));

    private sealed record Described(string[] Keys, string[] Values, string Default);

    [Fact]
    public void Every_parameter_of_a_volume_is_described_and_nothing_else_is()
    {
        var refusal = Assert.Throws<VolumeException>(() => Parse("colour", "blue"));
        Assert.Equal(Known(refusal), Rows("StorageClass").SelectMany(row => row.Keys).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_parameter_that_can_be_changed_is_named_and_no_other_is()
    {
        var refusal = Assert.Throws<VolumeException>(() => VolumeParameters.Parse(Of([]), "", block: false, Of([("colour", "blue")])));
        var sentence = Section("VolumeAttributesClass").Split('.')[0];
        Assert.Equal(Known(refusal), Word().Matches(sentence).Select(word => word.Groups["word"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Values_that_are_described_are_taken()
    {
        var taken = 0;
        foreach (var row in Rows("StorageClass"))
        {
            foreach (var (key, value) in from key in row.Keys from value in row.Values select (key, value))
            {
                // A wrong one shows that the value is read at all.
                var besides = key.StartsWith("encryption", StringComparison.Ordinal) ? new[] { ("encrypted", "true") } : [];
                VolumeParameters.Parse(Of([(key, value), .. besides]), "", block: false);
                Assert.Throws<VolumeException>(() => VolumeParameters.Parse(Of([(key, value + "?"), .. besides]), "", block: false));
                taken++;
            }
        }

        Assert.True(taken > 25, $"only {taken} values are described");
    }

    [Fact]
    public void Defaults_are_described_as_they_are()
    {
        foreach (var row in Rows("StorageClass").Where(row => row.Default.StartsWith('`')))
        {
            var encrypted = row.Keys[0].StartsWith("encryption", StringComparison.Ordinal) ? new[] { ("encrypted", "true") } : [];
            var value = Word().Match(row.Default).Groups["word"].Value;
            Assert.Equal(VolumeParameters.Parse(Of(encrypted), "", block: false), VolumeParameters.Parse(Of([(row.Keys[0], value), .. encrypted]), "", block: false));
        }
    }

    [Fact]
    public void Parameter_of_a_snapshot_is_described()
    {
        var refusal = Assert.Throws<VolumeException>(() => SnapshotParameters.Parse(Of([("colour", "blue")])));
        var row = Assert.Single(Rows("VolumeSnapshotClass and VolumeGroupSnapshotClass"));
        Assert.Equal(Known(refusal), row.Keys);
        Assert.All(row.Values, value => SnapshotParameters.Parse(Of([(row.Keys[0], value)])));
        Assert.Equal(SnapshotParameters.Parse(Of([])), SnapshotParameters.Parse(Of([(row.Keys[0], row.Default.Trim('`'))])));
    }

    [Fact]
    public void Secret_is_described() => Assert.Contains($"\n| `{VolumeSecrets.PassphraseKey}` |", Section("Secrets"), StringComparison.Ordinal);

    private static void Parse(string key, string value) => VolumeParameters.Parse(Of([(key, value)]), "", block: false);

    private static Dictionary<string, string> Of((string Key, string Value)[] parameters) =>
        parameters.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    /// <summary>The keys at the end of a refusal.</summary>
    private static IEnumerable<string> Known(VolumeException refusal) => refusal.Message[(refusal.Message.LastIndexOf(": ", StringComparison.Ordinal) + 2)..].Split(", ").Order(StringComparer.Ordinal);

    private static List<Described> Rows(string section) =>
        [.. Row().Matches(Section(section)).Select(row => new Described(Words(row, "keys"), Words(row, "values"), row.Groups["default"].Value))];

    private static string[] Words(Match row, string column) => [.. Word().Matches(row.Groups[column].Value).Select(word => word.Groups["word"].Value)];

    private static string Section(string title) => Text.Split("\n## ").Single(section => section.StartsWith(title + "\n", StringComparison.Ordinal));

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CsiTcmu.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("no CsiTcmu.sln above the tests");
        return folder;
    }

    [GeneratedRegex("^\\| (?<keys>`[^|]*`) \\|(?<values>[^|]*)\\| (?<default>[^|]+) \\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<word>[^`]+)`", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}

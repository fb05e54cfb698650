using System.CommandLine;
using System.Text.RegularExpressions;
using CsiTcmu.Kubernetes.Tests.Support;
using CsiTcmu.Verbs;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What docs/options.md says there is, and what the verbs take.</summary>
public sealed partial class OptionTableTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Manifests.Root, "docs", "options.md"));

    public static TheoryData<string, string> Verbs { get; } = new() { { "standalone", "standalone" }, { "node", "standalone node" }, { "controller", "controller" }, { "doctor", "doctor" } };

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_option_is_described_with_its_variable_and_default_and_nothing_else_is(string name, string sections)
    {
        Command verb = name switch
        {
            "standalone" => StandaloneVerb.Create(),
            "node" => StandaloneVerb.CreateNode(),
            "controller" => ControllerVerb.Create(),
            _ => DoctorVerb.Create(),
        };
        var described = sections.Split(' ').SelectMany(section => Row().Matches(Section(section))).ToDictionary(
            row => row.Groups["name"].Value, row => (Variable: row.Groups["variable"].Value, Default: row.Groups["default"].Value), StringComparer.Ordinal);

        Assert.Equal(name, verb.Name);
        Assert.Equal(verb.Options.Select(option => option.Name).Order(StringComparer.Ordinal), described.Keys.Order(StringComparer.Ordinal));
        foreach (var option in verb.Options)
        {
            var (variable, fallback) = described[option.Name];
            Assert.Contains($"[{variable}", option.Description, StringComparison.Ordinal);
            Assert.Equal(option.GetDefaultValue() is string { Length: > 0 } text ? $"`{text}`" : fallback.Trim('`'), fallback);
        }
    }

    [Fact]
    public void The_readme_has_the_options_of_standalone()
    {
        var readme = File.ReadAllText(Path.Combine(Manifests.Root, "README.md"));
        Assert.Equal(Row().Matches(Section("standalone")).Select(Option), Row().Matches(readme).Select(Option));

        static (string Name, string Variable) Option(Match row) => (row.Groups["name"].Value, row.Groups["variable"].Value);
    }

    private static string Section(string title) => Text.Split("\n## ").Single(section => section.StartsWith(title + "\n", StringComparison.Ordinal));

    [GeneratedRegex("^\\| `(?<name>--[a-z-]+)` \\| `(?<variable>[A-Z_]+)` \\|.*\\| (?<default>[^|]+) \\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Row();
}

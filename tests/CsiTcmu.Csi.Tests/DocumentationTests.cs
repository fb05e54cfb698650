using System.Text.RegularExpressions;

namespace CsiTcmu.Csi.Tests;

/// <summary>What docs/csi.md says is advertised, and what is.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData(CsiSpecification.Csi112, "1.12")]
    [InlineData(CsiSpecification.Csi113, "1.13")]
    public async Task Every_capability_is_described_and_nothing_else_is(CsiSpecification specification, string version)
    {
        await using var driver = await Driver.StartAsync(new MemoryVolumes(), specification);
        string[] advertised =
        [
            (await driver.Client.GetPluginCapabilitiesAsync(new())).ToString(), (await driver.Client.ControllerGetCapabilitiesAsync(new())).ToString(),
            (await driver.Client.GroupControllerGetCapabilitiesAsync(new())).ToString(), (await driver.Client.NodeGetCapabilitiesAsync(new())).ToString(),
        ];
        string[] rows = ["plugin", "controller", "group controller", "node", $"health, `--csi-spec {version}`"];
        var described = (await File.ReadAllLinesAsync(Path.Combine(Root(), "docs", "csi.md"), TestContext.Current.CancellationToken))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 4 && rows.Contains(cells[1], StringComparer.Ordinal))
            .Select(cells => cells[2]);
        Assert.Equal(Names(described), Names(advertised));
    }

    private static IEnumerable<string> Names(IEnumerable<string> texts) =>
        texts.SelectMany(text => Name().Matches(text)).Select(name => name.Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "CsiTcmu.sln"))) folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex("\\b[A-Z][A-Z_]{3,}\\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();
}

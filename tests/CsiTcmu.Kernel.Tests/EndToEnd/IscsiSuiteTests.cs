using System.Text.RegularExpressions;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// libiscsi's test suite, destructive tests included, judges a LUN of ours that the kernel exports by iSCSI on loopback. What the suite
/// skips is printed with its own reason.
/// </summary>
[Trait("Length", "longest")]
[Collection(DriverCollection.Name)]
public sealed partial class IscsiSuiteTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long Size = 256L << 20;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task Every_test_that_applies_passes()
    {
        var volume = await StagedVolume.MakeAsync(fixture.Driver.Client, "iscsi", "", Size);
        var device = Directory.EnumerateDirectories("/sys/kernel/config/target/core", "user_*")
            .SelectMany(Directory.EnumerateDirectories).Single(d => Path.GetFileName(d) == volume.Id);
        using (new IscsiExport(device))
        {
            var (_, text, error) = await Shell.TryAsync("iscsi-test-cu", "--dataloss", "--normal", IscsiExport.Url);
            foreach (var reason in SkipReason().Matches(text).Select(m => m.Value.Trim()).Distinct(StringComparer.Ordinal)) output.WriteLine(reason);
            var failed = FailedTest().Matches(text).Select(m => m.Groups["name"].Value).ToArray();
            var summary = Summary().Match(text);
            Assert.True(summary.Success, $"no summary:\n{text[^Math.Min(text.Length, 2000)..]}\n{error}");
            output.WriteLine($"iscsi-test-cu: {summary.Groups["all"]} tests, {summary.Groups["ran"]} ran, {summary.Groups["passed"]} passed, {summary.Groups["failed"]} failed");
            Assert.True(failed.Length == 0 && summary.Groups["failed"].Value == "0", $"failed: {string.Join(", ", failed)}\n{text}");
        }

        await volume.RemoveAsync(fixture.Driver.Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [GeneratedRegex(@"^.*\[SKIPPED\].*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex SkipReason();

    [GeneratedRegex(@"Test: (?<name>\S+) \.\.\.\s*FAILED", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FailedTest();

    [GeneratedRegex(@"tests\s+(?<all>\d+)\s+(?<ran>\d+)\s+(?<passed>\d+)\s+(?<failed>\d+)\s+\d+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Summary();
}

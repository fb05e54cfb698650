using System.Text.RegularExpressions;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// libiscsi's test suite, destructive tests included, judges a LUN of ours that the kernel exports by iSCSI on loopback. What the suite
/// skips is printed with its own reason.
/// </summary>
public sealed partial class IscsiSuiteTests(DriverFixture fixture, ITestOutputHelper output) : IClassFixture<DriverFixture>
{
    private const long Size = 256L << 20;

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
            var failed = FailedTest().Matches(text).Select(m => m.Groups[1].Value).ToArray();
            var summary = Summary().Match(text);
            Assert.True(summary.Success, $"no summary:\n{text[^Math.Min(text.Length, 2000)..]}\n{error}");
            output.WriteLine($"iscsi-test-cu: {summary.Groups[1]} tests, {summary.Groups[2]} ran, {summary.Groups[3]} passed, {summary.Groups[4]} failed");
            Assert.True(failed.Length == 0 && summary.Groups[4].Value == "0", $"failed: {string.Join(", ", failed)}\n{text}");
        }

        await volume.RemoveAsync(fixture.Driver.Client);
        Assert.Equal(fixture.Before, DriverFixture.Now());
    }

    [GeneratedRegex(@"^.*\[SKIPPED\].*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex SkipReason();

    [GeneratedRegex(@"Test: (\S+) \.\.\.\s*FAILED", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FailedTest();

    [GeneratedRegex(@"tests\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\d+", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Summary();
}

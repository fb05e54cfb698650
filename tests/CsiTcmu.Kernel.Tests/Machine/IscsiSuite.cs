using System.Text.RegularExpressions;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Runs libiscsi's <c>iscsi-test-cu</c>, and reads what it prints of each test.</summary>
internal static partial class IscsiSuite
{
    /// <summary>The suites of a family, as <c>FAMILY.SUITE</c>.</summary>
    public static async Task<string[]> ListAsync(string family) =>
        [.. (await Shell.RunAsync("iscsi-test-cu", "--list")).Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith(family + ".", StringComparison.Ordinal) && line.Count(c => c == '.') == 1)];

    /// <summary>Runs a suite, destructive tests included.</summary>
    /// <param name="suite">As <see cref="ListAsync"/> gives it.</param>
    /// <param name="url">The LUN.</param>
    /// <returns>What came of each test.</returns>
    public static async Task<IReadOnlyList<IscsiSuiteResult>> RunAsync(string suite, string url)
    {
        var (_, text, error) = await Shell.TryAsync("iscsi-test-cu", "--dataloss", "--verbose", "--test", suite, url);
        var summary = Summary().Match(text);
        if (!summary.Success) throw new InvalidOperationException($"iscsi-test-cu has not come to its end:\n{text[^Math.Min(text.Length, 4000)..]}\n{error}");
        var results = Parse(text).ToArray();
        var (ran, failed) = (int.Parse(summary.Groups["ran"].Value), int.Parse(summary.Groups["failed"].Value));
        if (results.Length != ran || results.Count(r => r.FailedChecks > 0) != failed)
            throw new InvalidOperationException($"iscsi-test-cu counts {ran} tests and {failed} failures, its output is understood otherwise:\n{text}");
        return results;
    }

    private static IEnumerable<IscsiSuiteResult> Parse(string text)
    {
        var suite = "";
        foreach (Match part in Part().Matches(text))
        {
            if (part.Groups["suite"].Success)
            {
                suite = part.Groups["suite"].Value;
                continue;
            }

            var body = part.Groups["body"].Value;
            // A check of the suite's own helpers says so at once; every failed assertion is told with its place behind the test.
            var failed = FailedTest().IsMatch(body) ? Math.Max(1, FailedCheck().Count(body)) : 0;
            var skipped = Skipped().Match(body);
            yield return new($"{suite}.{part.Groups["test"].Value}", failed, skipped.Success ? skipped.Groups["reason"].Value.Trim() : null, body.Trim());
        }
    }

    // A suite, or a test with all that follows up to the next of either.
    [GeneratedRegex(@"^Suite: (?<suite>\S+)|^\s+Test: (?<test>\S+) \.\.\.(?<body>(?:(?!^Suite: |^\s+Test: |^Run Summary:)[\s\S])*)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 20000)]
    private static partial Regex Part();

    [GeneratedRegex(@"FAILED\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FailedTest();

    [GeneratedRegex(@"^\s+\d+\. \S+:\d+\s", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FailedCheck();

    [GeneratedRegex(@"\[SKIPPED\](?<reason>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Skipped();

    [GeneratedRegex(@"tests\s+\d+\s+(?<ran>\d+)\s+\d+\s+(?<failed>\d+)\s+\d+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Summary();
}

/// <summary>What came of one test.</summary>
/// <param name="Name">Suite and test.</param>
/// <param name="FailedChecks">How many of its checks failed; 0 when it passed.</param>
/// <param name="Skipped">Why the suite skipped it or a part of it, or null.</param>
/// <param name="Text">What the suite printed.</param>
internal sealed record IscsiSuiteResult(string Name, int FailedChecks, string? Skipped, string Text);

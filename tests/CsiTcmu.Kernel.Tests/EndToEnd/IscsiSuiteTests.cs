using System.Collections.Concurrent;
using System.Diagnostics;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// libiscsi's test suite, destructive tests included, judges a LUN of ours that the kernel exports by iSCSI on loopback. What the suite
/// skips is printed with its own reason.
/// </summary>
/// <remarks>The families <c>iSCSI*</c> are left out: they judge the kernel's iSCSI target, whose PDUs never reach the disk.</remarks>
[Trait("Kernel", "any")]
[Collection(DriverCollection.Name)]
public sealed class IscsiSuiteTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long Size = 64L << 20;
    private const int Luns = 4;

    /// <summary>
    /// Tests that fail for a reason that is not the disk's, with the most checks that may fail in them: one more, and something else is wrong.
    /// </summary>
    private static readonly Dictionary<string, (int Checks, string Reason)> NotOurs = new()
    {
        ["CompareAndWrite.Simple"] = (2, "asks for 256 blocks at last, which its CDB of 8 bits turns into none; the suite's later versions end at 255"),
        ["CompareAndWrite.Miscompare"] = (2, "as CompareAndWrite.Simple"),
        ["GetLBAStatus.UnmapSingle"] = (1, "asks for block i + 1 and wants the answer to begin at i + blocks per physical block; where that is 1, writes more at once than a disk of ours takes"),
        ["Reserve6.Logout"] = (1, "the kernel, which keeps reservations, answers a logout before it takes those of the session back, and the suite asks a few times at once"),
    };

    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task Every_test_that_applies_passes()
    {
        // One command at a time goes from thread to thread of the kernel; several LUNs at once use what it leaves of the processors. The longest suites,
        // those of writes and verifies, have the last names: they come first, so that all LUNs end together.
        var suites = new ConcurrentQueue<string>((await IscsiSuite.ListAsync("SCSI")).Reverse());
        var shares = await Task.WhenAll(Enumerable.Range(0, Luns).Select(lun => RunAsync($"iscsi-{lun}", suites)));
        var results = shares.SelectMany(share => share).ToArray();
        Assert.Empty(results.Where(r => r.FailedChecks > NotOurs.GetValueOrDefault(r.Name).Checks).Select(r => $"{r.Name}: {r.Text}"));
        Assert.True(results.Length > 200, $"only {results.Length} tests ran");
        Assert.Equal(_before, DriverFixture.Now());
    }

    private async Task<IReadOnlyList<IscsiSuiteResult>> RunAsync(string name, ConcurrentQueue<string> suites)
    {
        await using var lun = await ExportedVolume.MakeAsync(fixture.Driver.Client, name, Size);
        var (results, time) = (new List<IscsiSuiteResult>(), Stopwatch.StartNew());
        while (suites.TryDequeue(out var suite)) results.AddRange(await IscsiSuite.RunAsync(suite, lun.Url));
        foreach (var skipped in results.Where(r => r.Skipped is not null)) output.WriteLine($"{skipped.Name} skipped: {skipped.Skipped}");
        foreach (var failed in results.Where(r => r.FailedChecks > 0))
            output.WriteLine($"{failed.Name} failed: {(NotOurs.TryGetValue(failed.Name, out var known) ? known.Reason : failed.Text)}");
        output.WriteLine($"iscsi-test-cu on {name}: {results.Count} tests, {results.Count(r => r.FailedChecks > 0)} failed, in {time.Elapsed.TotalSeconds:F0} s");
        return results;
    }
}

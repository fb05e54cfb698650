using System.Diagnostics;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>fio verifies every block on ext4, xfs and raw block at once, while the driver lives, dies and comes back.</summary>
[Collection(DriverCollection.Name)]
public sealed class VerifiedLoadTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long VolumeSize = 640L << 20;
    private const long RangePerJob = 8L << 20;
    private const int LoadSeconds = 60;
    private const int Cycles = 100;
    private const int Kills = 20;
    private const int Restarts = 10;
    private readonly VerifiedLoad _load = new(output, RangePerJob);

    // The phases share three volumes; the first lays fio's files out for the others.
    [Fact]
    public async Task Verified_load_sees_no_error_by_itself_nor_under_kills_nor_under_restarts()
    {
        var before = DriverFixture.Now();
        var client = fixture.Driver.Client;
        StagedVolume[] volumes =
        [
            await StagedVolume.MakeAsync(client, "load-ext4", "ext4", VolumeSize),
            await StagedVolume.MakeAsync(client, "load-xfs", "xfs", VolumeSize),
            await StagedVolume.MakeAsync(client, "load-raw", "", VolumeSize),
        ];
        string[] targets = [.. volumes.Select(v => v.FioTarget)];
        await BesideOthersAsync(targets);
        await _load.TroubleAsync("under kills", targets, () => _load.KillAsync(fixture.Driver, Kills));
        await _load.TroubleAsync("under restarts", targets, RestartAsync);
        foreach (var volume in volumes) await volume.RemoveAsync(client);
        Assert.Equal(before, DriverFixture.Now());
    }

    /// <summary>Other volumes come and go meanwhile: neither the load nor what is left behind must tell.</summary>
    private async Task BesideOthersAsync(string[] targets)
    {
        var fio = Fio.Start(LoadSeconds, RangePerJob, 0, targets);
        var load = _load.ReportAsync("beside other volumes", fio);
        await fio.UnderWayAsync();
        var started = Stopwatch.StartNew();
        await VolumeCycles.RunAsync(fixture.Driver.Client, Cycles);
        output.WriteLine($"{Cycles} volumes came and went in {started.Elapsed.TotalSeconds:F0} s");
        await load;
    }

    private async Task RestartAsync()
    {
        var pauses = new List<TimeSpan>();
        for (var restart = 0; restart < Restarts; restart++)
        {
            await Task.Delay(500);
            var pause = Stopwatch.StartNew();
            await fixture.Driver.TerminateAsync();
            await fixture.Driver.StartAsync();
            pauses.Add(pause.Elapsed);
        }

        output.WriteLine($"restarted {Restarts} times; from SIGTERM to the open socket: {string.Join(", ", pauses.Select(p => $"{p.TotalSeconds:F1} s"))}");
    }
}

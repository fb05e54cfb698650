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
    private const int MostTroubledSeconds = 600;
    // Served again, unbounded fio takes the processors from a start that still has its socket to open: 12 s each instead of 6.
    private const long TroubledRatePerJob = 384L << 10;
    private const int Cycles = 100;
    private const int Kills = 20;
    private const int Restarts = 10;

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
        await UnderLoadAsync("under kills", targets, KillAsync);
        await UnderLoadAsync("under restarts", targets, RestartAsync);
        foreach (var volume in volumes) await volume.RemoveAsync(client);
        Assert.Equal(before, DriverFixture.Now());
    }

    /// <summary>Other volumes come and go meanwhile: neither the load nor what is left behind must tell.</summary>
    private async Task BesideOthersAsync(string[] targets)
    {
        var fio = Fio.Start(LoadSeconds, RangePerJob, 0, targets);
        var load = ReportAsync("beside other volumes", fio);
        await fio.UnderWayAsync();
        var started = Stopwatch.StartNew();
        await VolumeCycles.RunAsync(fixture.Driver.Client, Cycles);
        output.WriteLine($"{Cycles} volumes came and went in {started.Elapsed.TotalSeconds:F0} s");
        await load;
    }

    private async Task KillAsync()
    {
        var random = new Random(2026);
        for (var kill = 0; kill < Kills; kill++)
        {
            // A start takes some two seconds here: some kills meet a driver that serves, some one that is just taking its disks over.
            await Task.Delay(random.Next(200, 1400));
            await fixture.Driver.KillAsync();
            fixture.Driver.Begin();
        }

        await fixture.Driver.KillAsync();
        await fixture.Driver.StartAsync();
        output.WriteLine($"killed {Kills + 1} times");
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

    /// <summary>Does something to the driver while fio runs; fio goes on until it is done.</summary>
    private async Task UnderLoadAsync(string phase, string[] targets, Func<Task> trouble)
    {
        var fio = Fio.Start(MostTroubledSeconds, RangePerJob, TroubledRatePerJob, targets);
        var load = ReportAsync(phase, fio);
        await fio.UnderWayAsync();
        var troubled = trouble();
        // A load that ends by itself has failed, and without a driver it never ends: whichever comes first is told.
        if (await Task.WhenAny(load, troubled) == load)
        {
            await load;
            Assert.Fail($"fio ended before the driver had been through what it was meant to: {phase}");
        }

        await troubled;
        fio.Stop();
        await load;
    }

    private async Task ReportAsync(string phase, Fio load)
    {
        var (read, written, longest) = await load.FinishAsync();
        output.WriteLine($"fio {phase}: {read >> 20} MiB read, {written >> 20} MiB written, longest I/O {longest.TotalSeconds:F2} s");
    }
}

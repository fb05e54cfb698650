using System.Diagnostics;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>fio verifies every block on ext4, xfs and raw block at once, while the driver lives, dies and comes back.</summary>
[Collection(DriverCollection.Name)]
public sealed class VerifiedLoadTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long VolumeSize = 640L << 20;
    private const long RangePerJob = 32L << 20;
    private const int LoadSeconds = 60;
    private const int TroubledSeconds = 30;
    private const int LayOutSeconds = 2;
    private const int Kills = 20;
    private const int Restarts = 10;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task Verified_load_sees_no_error()
    {
        var volumes = await MakeVolumesAsync("load");
        var load = Fio.Start(LoadSeconds, RangePerJob, [.. volumes.Select(v => v.FioTarget)]);
        await ReportAsync(load);
        await RemoveAsync(volumes);
    }

    [Fact]
    public async Task Killed_twenty_times_under_load_fio_waits_and_sees_no_error()
    {
        var volumes = await MakeVolumesAsync("kill");
        var random = new Random(2026);
        await UnderLoadAsync(volumes, async () =>
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                // A start takes about five seconds here: some kills meet a driver that serves, some one that is just taking its disks over.
                await Task.Delay(random.Next(1000, 7000));
                await fixture.Driver.KillAsync();
                fixture.Driver.Begin();
            }

            await fixture.Driver.KillAsync();
            await fixture.Driver.StartAsync();
        });
        await RemoveAsync(volumes);
    }

    [Fact]
    public async Task Terminated_ten_times_under_load_fio_sees_no_error()
    {
        var volumes = await MakeVolumesAsync("term");
        var pauses = new List<TimeSpan>();
        await UnderLoadAsync(volumes, async () =>
        {
            for (var restart = 0; restart < Restarts; restart++)
            {
                await Task.Delay(1000);
                var pause = Stopwatch.StartNew();
                await fixture.Driver.TerminateAsync();
                await fixture.Driver.StartAsync();
                pauses.Add(pause.Elapsed);
            }
        });
        output.WriteLine($"restart, from SIGTERM to the open socket: {string.Join(", ", pauses.Select(p => $"{p.TotalSeconds:F1} s"))}");
        await RemoveAsync(volumes);
    }

    /// <summary>Does something to the driver while fio runs, one verified run after another, until it is done.</summary>
    private async Task UnderLoadAsync(StagedVolume[] volumes, Func<Task> trouble)
    {
        // The files are there before the trouble begins, so that it meets reads and writes.
        await ReportAsync(Fio.Start(LayOutSeconds, RangePerJob, [.. volumes.Select(v => v.FioTarget)]));
        var troubled = trouble();
        do
        {
            var load = ReportAsync(Fio.Start(TroubledSeconds, RangePerJob, [.. volumes.Select(v => v.FioTarget)]));
            // Without a driver the load never ends: a driver that does not come back is told at once.
            if (await Task.WhenAny(load, troubled) == troubled) await troubled;
            await load;
        }
        while (!troubled.IsCompleted);
        await troubled;
    }

    private async Task<StagedVolume[]> MakeVolumesAsync(string name)
    {
        var client = fixture.Driver.Client;
        return
        [
            await StagedVolume.MakeAsync(client, name + "-ext4", "ext4", VolumeSize),
            await StagedVolume.MakeAsync(client, name + "-xfs", "xfs", VolumeSize),
            await StagedVolume.MakeAsync(client, name + "-raw", "", VolumeSize),
        ];
    }

    private async Task ReportAsync(Fio load)
    {
        var (read, written, longest) = await load.FinishAsync();
        output.WriteLine($"fio: {read >> 20} MiB read, {written >> 20} MiB written, longest I/O {longest.TotalSeconds:F2} s");
    }

    private async Task RemoveAsync(StagedVolume[] volumes)
    {
        foreach (var volume in volumes) await volume.RemoveAsync(fixture.Driver.Client);
        Assert.Equal(_before, DriverFixture.Now());
    }
}

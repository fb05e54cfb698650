namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>fio with verification, and what is done to a driver meanwhile.</summary>
/// <param name="output">Is told how it went.</param>
/// <param name="rangePerJob">Bytes that each job of <see cref="Fio"/> works on.</param>
internal sealed class VerifiedLoad(ITestOutputHelper output, long rangePerJob)
{
    private const int MostSeconds = 600;
    // Served again, unbounded fio takes the processors from a start that still has its socket to open: 12 s each instead of 6.
    private const long RatePerJob = 384L << 10;

    /// <summary>Does something to the driver while fio runs; fio goes on until it is done.</summary>
    public async Task TroubleAsync(string phase, string[] targets, Func<Task> trouble)
    {
        var fio = Fio.Start(MostSeconds, rangePerJob, RatePerJob, targets);
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

    /// <summary>Kills the driver so many times at random moments and once more, and leaves it running.</summary>
    public async Task KillAsync(DriverProcess driver, int kills, params (string Name, string Value)[] variables)
    {
        var random = new Random(2026);
        for (var kill = 0; kill < kills; kill++)
        {
            // A start takes some two seconds here: some kills meet a driver that serves, some one that is just taking its disks over.
            await Task.Delay(random.Next(200, 1400));
            await driver.KillAsync();
            driver.Begin(variables);
        }

        await driver.KillAsync();
        await driver.StartAsync(variables);
        output.WriteLine($"killed {kills + 1} times");
    }

    /// <summary>Waits for the end of a load, which must be without an error, and tells of it.</summary>
    public async Task ReportAsync(string phase, Fio load)
    {
        var (read, written, longest) = await load.FinishAsync();
        output.WriteLine($"fio {phase}: {read >> 20} MiB read, {written >> 20} MiB written, longest I/O {longest.TotalSeconds:F2} s");
    }
}

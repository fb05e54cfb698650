using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Many volumes, one after another and at once, leave nothing behind.</summary>
[Collection(DriverCollection.Name)]
public sealed class ManyVolumesTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const int Many = 100;
    private const long MostResident = 200_000_000;
    private const double MostProcessor = 0.01;
    private const long Size = 16L << 20;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task Fifty_volumes_at_once_leave_everything_as_it_was_and_idle_ones_cost_next_to_nothing() => await ServeAsync(Many / 2);

    [Fact]
    [Trait("Length", "longest")]
    public async Task A_hundred_volumes_at_once_and_a_hundred_more_cycles_leave_everything_as_it_was_and_idle_ones_cost_next_to_nothing()
    {
        await ServeAsync(Many);
        await VolumeCycles.RunAsync(fixture.Driver.Client, Many);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private async Task ServeAsync(int atOnce)
    {
        var client = fixture.Driver.Client;
        var volumes = new StagedVolume[atOnce];
        var memory = AvailableMemory();
        await Parallel.ForEachAsync(Enumerable.Range(0, atOnce), new ParallelOptions { MaxDegreeOfParallelism = VolumeCycles.Lanes }, async (i, _) =>
            volumes[i] = await StagedVolume.MakeAsync(client, $"many-{i}", i % 10 == 0 ? "ext4" : "", Size));

        // Each disk holds its own number, so that no two volumes are one.
        foreach (var (volume, i) in volumes.Select((v, i) => (v, i)))
        {
            await File.WriteAllTextAsync(volume.Capability.Mount is null ? await volume.DiskAsync() : volume.FioTarget, $"volume {i} ");
        }

        await Shell.RunAsync("sync");
        foreach (var (volume, i) in volumes.Select((v, i) => (v, i)))
        {
            var image = await Shell.RunAsync("head", "-c", "16", volume.Capability.Mount is null ? await volume.DiskAsync() : volume.FioTarget);
            Assert.StartsWith($"volume {i} ", image, StringComparison.Ordinal);
        }

        output.WriteLine($"a volume that has done little takes {(memory - AvailableMemory()) / atOnce} KiB of the node's memory");
        var idle = await IdleProcess.SilenceAsync(fixture.Driver.Id, MostProcessor);
        output.WriteLine($"{atOnce} idle volumes: {idle}");
        Assert.InRange(idle.ResidentBytes, 1, MostResident);
        await Parallel.ForEachAsync(volumes, new ParallelOptions { MaxDegreeOfParallelism = VolumeCycles.Lanes }, async (volume, _) => await volume.RemoveAsync(client));
        Assert.Equal(_before, DriverFixture.Now());
    }

    private static long AvailableMemory() =>
        long.Parse(File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
}

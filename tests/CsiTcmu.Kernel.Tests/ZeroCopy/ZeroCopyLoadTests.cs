using System.Globalization;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Tcmu;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>fio verifies volumes that require zero copy, while the driver, as it is shipped, is killed and started again.</summary>
[Trait("Length", "longest")]
[Collection(OurModule.Collection)]
public sealed class ZeroCopyLoadTests(ITestOutputHelper output)
{
    private const long VolumeSize = 320L << 20;
    private const int Kills = 6;
    private const string MetricsAddress = "127.0.0.1:9808";
    // With the node's option each start looks for the module too, and some kills meet it there.
    private static readonly (string Name, string Value)[] Variables = [("CSI_TCMU_ZERO_COPY", "auto"), ("CSI_TCMU_METRICS_ENDPOINT", MetricsAddress)];

    [Fact]
    public async Task Verified_load_sees_no_error_under_kills()
    {
        OurModule.SkipWithout();
        var pool = Directory.CreateDirectory(await PoolDisk.MountAsync() + "/zero-copy").FullName;
        var before = KernelState.Take();
        await using (var driver = new DriverProcess(pool, socket: "/run/csi-tcmu-test/zero-copy.sock", poolName: "zero-copy"))
        {
            // Whoever starts takes away what was left by a process that was killed while it looked, although it does not look itself.
            TcmuDevice.Create(new() { Hba = 4712, Name = "probe-1", Config = "csi-tcmu/probe", Size = 1 << 20, BlockSize = 512, Serial = "probe" });
            await driver.StartAsync();
            Assert.Empty(Directory.GetDirectories("/sys/kernel/config/target/core", "user_4712"));
            await driver.TerminateAsync();
            await driver.StartAsync(Variables);
            StagedVolume[] volumes =
            [
                await StagedVolume.MakeAsync(driver.Client, "zero-copy-ext4", "ext4", VolumeSize, ("zeroCopy", "required")),
                await StagedVolume.MakeAsync(driver.Client, "zero-copy-xfs", "xfs", VolumeSize, ("zeroCopy", "required")),
                await StagedVolume.MakeAsync(driver.Client, "zero-copy-raw", "", VolumeSize, ("zeroCopy", "required")),
            ];
            var load = new VerifiedLoad(output, 8L << 20);
            await load.TroubleAsync("under kills", [.. volumes.Select(volume => volume.FioTarget)], async () =>
            {
                await load.KillAsync(driver, Kills, Variables);
                foreach (var volume in volumes) await WaitForMappedAsync(volume.Id);
            });
            foreach (var volume in volumes)
            {
                var kernel = ZeroCopyStatistics.Read(volume.Id);
                output.WriteLine($"{volume.Id}: {kernel}");
                Assert.True(kernel is { Mapped: > 0, CopiedSmall: > 0, PagesUsed: 0 }, $"{volume.Id}: {kernel}");
            }

            foreach (var volume in volumes) await volume.RemoveAsync(driver.Client);
        }

        Directory.Delete(pool, recursive: true);
        Assert.Equal(before, KernelState.Take());
    }

    /// <summary>Waits until the last process has served commands of a volume that were mapped, by its metrics.</summary>
    private static async Task WaitForMappedAsync(string volume)
    {
        var name = $"csi_tcmu_volume_mapped_commands_total{{volume=\"{volume}\"}} ";
        using var http = new HttpClient();
        while (true)
        {
            var line = (await http.GetStringAsync($"http://{MetricsAddress}/metrics")).Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal));
            if (double.Parse(line[name.Length..], CultureInfo.InvariantCulture) > 0) return;
            await Task.Delay(200);
        }
    }
}

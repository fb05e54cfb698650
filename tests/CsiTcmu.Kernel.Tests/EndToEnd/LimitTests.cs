using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// Limits on disks under fio with a queue depth of 32. The kernel counts what the disks do and the monotonic clock, by which the limits are kept,
/// how long: so this is about the rate being right, not about speed, as long as the machine can do more than the limits allow.
/// </summary>
[Collection(DriverCollection.Name)]
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class LimitTests(DriverFixture fixture, ITestOutputHelper output)
{
    private const long Size = 64L << 20;
    private const double Bucket = 0.1; // seconds' worth that a disk may do at once
    private const double Tolerance = 0.05;
    private const int Operations = 500, MoreOperations = 2000, Bandwidth = 20_000_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    [Fact]
    public async Task Limits_are_held_within_5_percent_and_a_change_is_felt_within_a_second()
    {
        var client = fixture.Driver.Client;
        var operations = await StagedVolume.MakeAsync(client, "limit-operations", "", Size, ("iops", $"{Operations}"));
        var bandwidth = await StagedVolume.MakeAsync(client, "limit-bandwidth", "", Size, ("bandwidth", "20M"));
        var (operationsDisk, bandwidthDisk) = (await operations.DiskAsync(), await bandwidth.DiskAsync());
        var load = Shell.RunAsync(
            "fio", "--thread", "--ioengine=libaio", "--direct=1", "--iodepth=32", "--time_based", $"--runtime={(WarmUp + Window).TotalSeconds + 4}",
            "--name=operations", $"--filename={operationsDisk}", "--rw=randrw", "--bs=4k",
            "--name=bandwidth", $"--filename={bandwidthDisk}", "--rw=randwrite", "--bs=64k");
        await UntilBusyAsync(load, operationsDisk, bandwidthDisk);
        await Task.Delay(WarmUp);

        var (firstOperations, firstBytes) = (DiskCount.Read(operationsDisk), DiskCount.Read(bandwidthDisk));
        await Task.Delay(Window);
        var (lastOperations, lastBytes) = (DiskCount.Read(operationsDisk), DiskCount.Read(bandwidthDisk));
        var ofOperations = Share("operations", lastOperations.Operations - firstOperations.Operations, Operations, DiskCount.Longest(firstOperations, lastOperations));
        var ofBandwidth = Share("bytes", lastBytes.Bytes - firstBytes.Bytes, Bandwidth, DiskCount.Longest(firstBytes, lastBytes));

        await client.ControllerModifyVolumeAsync(new() { VolumeId = operations.Id, MutableParameters = { ["iops"] = $"{MoreOperations}" } });
        var changed = DiskCount.Read(operationsDisk);
        await Task.Delay(TimeSpan.FromSeconds(1));
        var later = DiskCount.Read(operationsDisk);
        var (count, seconds) = (later.Operations - changed.Operations, DiskCount.Longest(changed, later).TotalSeconds);
        output.WriteLine($"{count} operations in the {seconds:F2} s after the change from {Operations} to {MoreOperations} per second");
        foreach (var share in new[] { ofOperations, ofBandwidth }) Assert.InRange(share, 1 - Tolerance, 1 + (Bucket / Window.TotalSeconds) + 0.001);
        Assert.InRange(count, 2 * Operations * seconds, MoreOperations * (seconds + Bucket) + 1);

        await load;
        await operations.RemoveAsync(client);
        await bandwidth.RemoveAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    /// <summary>Waits until fio, which takes seconds to start here, uses both.</summary>
    private static async Task UntilBusyAsync(Task load, params string[] disks)
    {
        var idle = disks.Select(DiskCount.Read).ToList();
        while (disks.Zip(idle).Any(pair => DiskCount.Read(pair.First).Operations < pair.Second.Operations + 20))
        {
            await Task.Delay(50);
            if (load.IsCompleted) await load;
        }
    }

    /// <summary>How much of what is allowed was done.</summary>
    private double Share(string what, long count, long rate, TimeSpan time)
    {
        var share = count / (rate * time.TotalSeconds);
        output.WriteLine($"{count} {what} in {time.TotalSeconds:F2} s: {count / time.TotalSeconds:F1} per second, {share - 1:+0.00%;-0.00%} of the limit of {rate}");
        return share;
    }
}

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
    public async Task A_limit_of_operations_is_held_within_5_percent_and_a_change_is_felt_within_a_second()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.MakeAsync(client, "limit-operations", "", Size, ("iops", $"{Operations}"));
        var disk = await volume.DiskAsync();
        var load = await LoadAsync(disk, "--rw=randrw", "--bs=4k");
        var first = DiskCount.Read(disk);
        await Task.Delay(Window);
        var last = DiskCount.Read(disk);
        IsHeld("operations", last.Operations - first.Operations, Operations, DiskCount.Longest(first, last));

        await client.ControllerModifyVolumeAsync(new() { VolumeId = volume.Id, MutableParameters = { ["iops"] = $"{MoreOperations}" } });
        var changed = DiskCount.Read(disk);
        await Task.Delay(TimeSpan.FromSeconds(1));
        var later = DiskCount.Read(disk);
        var (count, seconds) = (later.Operations - changed.Operations, DiskCount.Longest(changed, later).TotalSeconds);
        output.WriteLine($"{count} operations in the {seconds:F2} s after the change from {Operations} to {MoreOperations} per second");
        // More than was allowed before shows the change; whether the machine can do all that is allowed now is not asked.
        Assert.InRange(count, 1.2 * Operations * seconds, MoreOperations * (seconds + Bucket) + 1);

        await load;
        await volume.RemoveAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task A_limit_of_bandwidth_is_held_within_5_percent()
    {
        var client = fixture.Driver.Client;
        var volume = await StagedVolume.MakeAsync(client, "limit-bandwidth", "", Size, ("bandwidth", "20M"));
        var disk = await volume.DiskAsync();
        var load = await LoadAsync(disk, "--rw=randwrite", "--bs=256k");
        var first = DiskCount.Read(disk);
        await Task.Delay(Window);
        var last = DiskCount.Read(disk);
        IsHeld("bytes", last.Bytes - first.Bytes, Bandwidth, DiskCount.Longest(first, last));
        await load;
        await volume.RemoveAsync(client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    /// <summary>Begins a load that lasts longer than the window, and waits until it is in full swing.</summary>
    private static async Task<Task> LoadAsync(string disk, params string[] pattern)
    {
        var load = Shell.RunAsync(
            "fio",
            [
                "--thread", "--ioengine=libaio", "--direct=1", "--iodepth=32", "--time_based", $"--runtime={(WarmUp + Window).TotalSeconds + 4}",
                "--name=limited", $"--filename={disk}", .. pattern,
            ]);
        await UntilBusyAsync(load, disk);
        await Task.Delay(WarmUp);
        return load;
    }

    /// <summary>Waits until fio, which takes seconds to start here, uses them.</summary>
    private static async Task UntilBusyAsync(Task load, params string[] disks)
    {
        var idle = disks.Select(DiskCount.Read).ToList();
        while (disks.Zip(idle).Any(pair => DiskCount.Read(pair.First).Operations < pair.Second.Operations + 20))
        {
            await Task.Delay(50);
            if (load.IsCompleted) await load;
        }
    }

    private void IsHeld(string what, long count, long rate, TimeSpan time)
    {
        var share = count / (rate * time.TotalSeconds);
        output.WriteLine($"{count} {what} in {time.TotalSeconds:F2} s: {count / time.TotalSeconds:F1} per second, {share - 1:+0.00%;-0.00%} of the limit of {rate}");
        Assert.InRange(share, 1 - Tolerance, 1 + (Bucket / time.TotalSeconds) + 0.001);
    }
}

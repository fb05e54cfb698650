using System.Diagnostics;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// How long a snapshot, a clone and a group of a 100 GiB volume with many extents take while fio works on it, and how long fio waits. 2,000 extents are as many as 10 GiB
/// have in pieces of 5 MiB, 20,000 as many as in pieces of 512 KiB; the pieces are smaller here, since the RAM disk is.
/// </summary>
[Collection(DriverCollection.Name)]
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class LargeSnapshotTests(ITestOutputHelper output)
{
    private const long Size = 100L << 30;
    private const long FileSystemSize = 1L << 40;
    private const int Step = 4096;
    private const string Root = "/var/lib/csi-tcmu-large";
    private static readonly TimeSpan Begin = TimeSpan.FromSeconds(2);

    [Fact]
    public Task Snapshot_clone_and_group_of_a_large_volume() => RunAsync(2_000, 5);

    [Fact]
    public Task Snapshot_clone_and_group_of_a_large_and_fragmented_volume() => RunAsync(20_000, 25);

    private async Task RunAsync(int extents, int loadSeconds)
    {
        await PoolDisk.MountAsync();
        var disk = PoolDisk.Root + "/large.disk";
        await using (var file = File.Create(disk)) file.SetLength(FileSystemSize);
        Directory.CreateDirectory(Root);
        await Shell.RunAsync("mkfs.xfs", "-q", "-K", "-l", "size=64m", disk);
        await Shell.RunAsync("mount", "-o", "loop", disk, Root);
        try
        {
            await using var driver = new DriverProcess(Root, socket: "/run/csi-tcmu-large/csi.sock", poolName: "large");
            await driver.StartAsync();
            await MeasureAsync(driver, extents, loadSeconds);
            await driver.TerminateAsync();
        }
        finally
        {
            await Shell.RunAsync("umount", Root);
            Directory.Delete(Root);
            File.Delete(disk);
        }
    }

    private async Task MeasureAsync(DriverProcess driver, int extents, int seconds)
    {
        var client = driver.Client;
        var volume = await StagedVolume.CreateAsync(client, "large", "", Size);
        var second = await StagedVolume.CreateAsync(client, "second", "", Size);
        var bytes = Scatter($"{Root}/volumes/{volume.Id}/image", extents);
        foreach (var one in new[] { volume, second })
        {
            await one.StageAsync(client);
            await one.PublishAsync(client);
        }

        output.WriteLine($"{bytes >> 20} MiB in {extents} extents");
        await ReportAsync("nothing", volume, seconds, () => Task.CompletedTask);
        await ReportAsync("snapshot", volume, seconds, () => client.CreateSnapshotAsync(new() { Name = "large-snapshot", SourceVolumeId = volume.Id }));
        await ReportAsync("clone", volume, seconds, () => StagedVolume.CreateFromAsync(client, "large-clone", "", new() { Volume = new() { VolumeId = volume.Id } }, 0));
        await ReportAsync("group", volume, seconds, () => client.CreateVolumeGroupSnapshotAsync(new() { Name = "large-group", SourceVolumeIds = { volume.Id, second.Id } }));
        Assert.Equal(3, driver.Log.Count(line => line.Contains("Held ", StringComparison.Ordinal)));
        foreach (var line in driver.Log.Where(line => line.Contains("Held ", StringComparison.Ordinal))) output.WriteLine(line);

        await client.DeleteVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "large-group" });
        await client.DeleteSnapshotAsync(new() { SnapshotId = "large-snapshot" });
        await client.DeleteVolumeAsync(new() { VolumeId = "large-clone" });
        foreach (var one in new[] { volume, second }) await one.RemoveAsync(client);
    }

    /// <summary>Times an operation while fio runs, and gives the longest time that one of fio's commands took.</summary>
    private async Task ReportAsync(string what, StagedVolume volume, int seconds, Func<Task> work)
    {
        var load = Fio.Start(seconds, 4L << 20, 1L << 20, volume.FioTarget);
        await load.UnderWayAsync();
        await Task.Delay(Begin);
        var time = Stopwatch.StartNew();
        await work();
        time.Stop();
        var (_, _, longest) = await load.FinishAsync();
        output.WriteLine($"{what}: {time.ElapsedMilliseconds} ms; the longest command of fio took {longest.TotalMilliseconds:F0} ms");
    }

    /// <summary>Writes pieces of 4 KiB to 128 KiB all over an image, in a random order.</summary>
    private static long Scatter(string image, int extents)
    {
        var random = new Random(4);
        var data = new byte[128 << 10];
        random.NextBytes(data);
        var slots = Enumerable.Range(0, extents).ToArray();
        random.Shuffle(slots);
        using var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write);
        var bytes = 0L;
        foreach (var slot in slots)
        {
            var length = Step * random.Next(1, data.Length / Step + 1);
            RandomAccess.Write(file, data.AsSpan(0, length), Size / extents / Step * Step * slot);
            bytes += length;
        }

        RandomAccess.FlushToDisk(file);
        return bytes;
    }
}

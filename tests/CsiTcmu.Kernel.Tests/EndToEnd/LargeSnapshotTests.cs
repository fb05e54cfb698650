using System.Diagnostics;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>
/// How long a snapshot, a clone and a group of a 100 GiB volume with 10 GiB in many extents take while fio works on it, and how long fio waits. Without an empty disk
/// (<c>CSI_TCMU_EMPTY_DISK</c>, which is overwritten) the extents are smaller, so that they fit on the RAM disk.
/// </summary>
[Collection(DriverCollection.Name)]
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class LargeSnapshotTests(ITestOutputHelper output)
{
    private const long Size = 100L << 30;
    private const long FileSystemSize = 1L << 40;
    private const long Data = 10L << 30;
    private const int SmallPiece = 64 << 10;
    private const int Block = 4096;
    private const string Root = "/var/lib/csi-tcmu-large";
    private static readonly string SparseDisk = PoolDisk.Root + "/large.disk";
    private static readonly string? EmptyDisk = Environment.GetEnvironmentVariable("CSI_TCMU_EMPTY_DISK");
    private static readonly TimeSpan Begin = TimeSpan.FromSeconds(2);

    [Fact]
    public Task Snapshot_clone_and_group_of_a_large_volume() => RunAsync(2_000, 5);

    [Fact]
    public Task Snapshot_clone_and_group_of_a_large_and_fragmented_volume() => RunAsync(20_000, 25);

    private async Task RunAsync(int extents, int loadSeconds)
    {
        await MountAsync();
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
            File.Delete(SparseDisk);
        }
    }

    /// <summary>Mounts a file system that has room for what is promised to the volumes.</summary>
    private static async Task MountAsync()
    {
        await PoolDisk.MountAsync();
        if (EmptyDisk is null)
        {
            await using var file = File.Create(SparseDisk);
            file.SetLength(FileSystemSize);
        }

        Directory.CreateDirectory(Root);
        await Shell.RunAsync("mkfs.xfs", "-q", "-f", "-K", "-l", "size=64m", EmptyDisk ?? SparseDisk);
        await Shell.RunAsync("mount", [.. EmptyDisk is null ? ["-o", "loop"] : Array.Empty<string>(), EmptyDisk ?? SparseDisk, Root]);
    }

    private async Task MeasureAsync(DriverProcess driver, int extents, int seconds)
    {
        var client = driver.Client;
        var volume = await StagedVolume.CreateAsync(client, "large", "", Size);
        var second = await StagedVolume.CreateAsync(client, "second", "", Size);
        var piece = EmptyDisk is null ? SmallPiece : (int)(Data / extents / Block * Block);
        Scatter($"{Root}/volumes/{volume.Id}/image", extents, piece);
        foreach (var one in new[] { volume, second })
        {
            await one.StageAsync(client);
            await one.PublishAsync(client);
        }

        output.WriteLine($"{((long)extents * piece) >> 20} MiB in {extents} extents");
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

    /// <summary>Writes pieces all over an image, in a random order.</summary>
    private static void Scatter(string image, int extents, int piece)
    {
        var random = new Random(4);
        var data = new byte[piece];
        random.NextBytes(data);
        var slots = Enumerable.Range(0, extents).ToArray();
        random.Shuffle(slots);
        using var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write);
        foreach (var slot in slots) RandomAccess.Write(file, data, Size / extents / Block * Block * slot);
        RandomAccess.FlushToDisk(file);
    }
}

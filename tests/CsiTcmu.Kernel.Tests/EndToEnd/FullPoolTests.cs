using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>A thin pool that others fill: what is told before, what fails and what does not, and that freed space heals.</summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class FullPoolTests
{
    private const int Size = 128;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Writes_alone_fail_it_is_told_before_and_freed_space_heals()
    {
        var before = KernelState.Take(await PoolDisk.MountAsync());
        await using (var pool = await SmallPool.StartAsync(Size, ",overcommitRatio=4", "1.13"))
        {
            var client = pool.Driver.Client;
            using var data = new Pattern(1);
            using var whole = new Pattern(16);

            // More than the pool has, and one volume that has all it was promised.
            var capacity = await client.GetCapacityAsync(new());
            Assert.InRange(capacity.AvailableCapacity, 3L * Size << 20, 4L * Size << 20);
            var thin = await StagedVolume.MakeAsync(client, "thin", "", 2L * Size << 20);
            var mounted = await StagedVolume.MakeAsync(client, "mounted", "ext4", 64L << 20);
            var full = await StagedVolume.MakeAsync(client, "whole", "", 16L << 20);
            var disk = await thin.DiskAsync();
            var faster = new ControllerModifyVolumeRequest { VolumeId = thin.Id, MutableParameters = { ["iops"] = "5000" } };
            await SucceedsAsync(data.WriteAsync(disk, 0));
            await SucceedsAsync(whole.WriteAsync(await full.DiskAsync(), 0));
            await File.WriteAllBytesAsync(mounted.Target + "/file", data.Bytes);
            await Shell.RunAsync("sync", "-f", mounted.Target);
            Assert.Empty(await ReasonsAsync(client, thin));
            Assert.Empty(await StorageAsync(client));

            // Written, a file system whose journal needs new space would go read-only (docs/limitations.md).
            await Shell.RunAsync("mount", "-o", "remount,ro", mounted.Staging);

            // Told while writes still succeed.
            var free = new DriveInfo(SmallPool.Folder).AvailableFreeSpace;
            await Shell.RunAsync("fallocate", "-l", $"{free - (8 << 20)}", SmallPool.Folder + "/others");
            Assert.Equal(["PoolNearlyFull"], await ReasonsAsync(client, thin));
            Assert.Equal(["PoolNearlyFull"], await StorageAsync(client));
            await SucceedsAsync(data.WriteAsync(disk, 1));
            Assert.Equal(["mounted", "thin", "whole"], (await client.ControllerListVolumeHealthAsync(new())).Entries.Select(entry => entry.VolumeId));

            // Full: what needs new space fails, with the sense that says so.
            var (_, _, rest) = await Shell.TryAsync("dd", "if=/dev/zero", $"of={SmallPool.Folder}/rest", "bs=4k", "conv=fsync");
            Assert.Contains("No space left", rest, StringComparison.Ordinal);
            Assert.Contains("No space left", await data.WriteAsync(disk, 100), StringComparison.Ordinal);
            var sense = await WriteBySgAsync(disk, data.FileName, 200 * 2048);
            Assert.Contains("Data Protect", sense, StringComparison.Ordinal);
            Assert.Contains("Space allocation failed", sense, StringComparison.Ordinal);
            Assert.Equal(["PoolFull", "SpaceExhausted"], await ReasonsAsync(client, thin));
            Assert.Equal(["PoolFull"], await StorageAsync(client));

            // All else goes on: reads, flushes, writes to what is allocated, other volumes, staging, and the driver.
            await SucceedsAsync(data.CompareAsync(disk, 0));
            await SucceedsAsync(data.WriteAsync(disk, 0));
            await Shell.RunAsync("sg_sync", disk);
            await SucceedsAsync(data.CompareAsync(mounted.Target + "/file", 0));
            await full.UnpublishAsync(client);
            await full.UnstageAsync(client);
            await full.StageAsync(client);
            await full.PublishAsync(client);
            await SucceedsAsync(whole.CompareAsync(await full.DiskAsync(), 0));
            await SucceedsAsync(whole.WriteAsync(await full.DiskAsync(), 0));
            var refusal = await Assert.ThrowsAsync<CallFailedException>(() => StagedVolume.CreateAsync(client, "more", "", 16L << 20));
            Assert.Equal(StatusCode.ResourceExhausted, refusal.Code);
            refusal = await Assert.ThrowsAsync<CallFailedException>(() => client.ControllerModifyVolumeAsync(faster));
            Assert.Equal(StatusCode.ResourceExhausted, refusal.Code);
            Assert.Contains("'small' is full", refusal.Detail, StringComparison.Ordinal);

            // Freed space heals, without a restart of anything.
            File.Delete(SmallPool.Folder + "/others");
            File.Delete(SmallPool.Folder + "/rest");
            await Shell.RunAsync("sync", "-f", SmallPool.Folder);
            await SucceedsAsync(data.WriteAsync(disk, 100));
            await SucceedsAsync(data.CompareAsync(disk, 100));
            await SucceedsAsync(data.CompareAsync(disk, 1));
            await client.ControllerModifyVolumeAsync(faster);
            await Shell.RunAsync("mount", "-o", "remount,rw", mounted.Staging);
            await SucceedsAsync(data.WriteAsync(mounted.Target + "/after", 0));
            await SucceedsAsync(data.CompareAsync(mounted.Target + "/after", 0));
            using var patience = new CancellationTokenSource(Patience);
            while ((await ReasonsAsync(client, thin)).Count > 0) await Task.Delay(500, patience.Token);
            Assert.Empty(await StorageAsync(client));
            Assert.Empty((await client.ControllerListVolumeHealthAsync(new())).Entries);

            foreach (var volume in new[] { thin, mounted, full }) await volume.RemoveAsync(client);
        }

        Assert.Equal(before, KernelState.Take(PoolDisk.Root));
    }

    private static async Task SucceedsAsync(Task<string> transfer) => Assert.Equal("", await transfer);

    private static async Task<List<string>> ReasonsAsync(CsiClient client, StagedVolume volume)
    {
        var ofNode = (await client.NodeGetVolumeHealthAsync(new() { VolumeId = volume.Id, VolumePublishPath = volume.Target })).VolumeHealth;
        Assert.Equal(volume.Id, ofNode.VolumeId);
        return [.. ofNode.HealthStatuses.Select(entry => entry.Reason)];
    }

    private static async Task<IEnumerable<string>> StorageAsync(CsiClient client) =>
        (await client.NodeGetStorageHealthAsync(new())).BackendHealth.Select(entry => entry.Reason);

    /// <summary>WRITE (16) of eight blocks past the disk driver; gives what sg_raw says of the sense data.</summary>
    private static async Task<string> WriteBySgAsync(string disk, string file, int block)
    {
        var address = Convert.ToHexString(BitConverter.GetBytes(block).Reverse().ToArray()).Chunk(2).Select(digits => new string(digits));
        string[] command = ["8a", "00", "00", "00", "00", "00", .. address, "00", "00", "00", "08", "00", "00"];
        var (_, _, error) = await Shell.TryAsync("sg_raw", ["-s", "4096", "-i", file, disk, .. command]);
        return error;
    }
}

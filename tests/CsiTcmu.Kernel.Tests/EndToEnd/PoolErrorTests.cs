using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>A pool whose disk fails: what the condition of its volumes says.</summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class PoolErrorTests
{
    [Fact]
    public async Task Errors_of_the_disk_and_a_pool_that_went_read_only_are_told_and_nothing_hangs()
    {
        var before = KernelState.Take(await PoolDisk.MountAsync());
        await using (var pool = await SmallPool.StartAsync(64, "", "1.12"))
        {
            var client = pool.Driver.Client;
            using var data = new Pattern(16);
            var volume = await StagedVolume.MakeAsync(client, "failing", "", 16L << 20);
            var disk = await volume.DiskAsync();
            Assert.Equal("", await data.WriteAsync(disk, 0));
            await Shell.RunAsync("sync", "-f", SmallPool.Folder);
            Assert.False((await ConditionAsync()).Abnormal);

            await pool.BreakAsync();
            // ENODATA is what the disk driver makes of MEDIUM ERROR.
            Assert.Contains("No data available", await data.CompareAsync(disk, 0), StringComparison.Ordinal);
            Assert.NotEqual("", await data.WriteAsync(disk, 0));
            var broken = await ConditionAsync();
            Assert.True(broken.Abnormal);
            Assert.Contains("ReadErrors: volume 'failing'", broken.Message, StringComparison.Ordinal);
            Assert.Contains("WriteErrors", broken.Message, StringComparison.Ordinal);
            Assert.Equal(broken.Message, (await client.ControllerGetVolumeAsync(new() { VolumeId = volume.Id })).Status.VolumeCondition.Message);

            // What was written before is there, and errors that were are told for a while.
            await pool.MendAsync();
            Assert.Equal("", await data.CompareAsync(disk, 0));
            Assert.Equal("", await data.WriteAsync(disk, 0));
            Assert.Contains("ReadErrors", (await ConditionAsync()).Message, StringComparison.Ordinal);
            await volume.UnpublishAsync(client);
            await volume.UnstageAsync(client);

            await Ext4Error.TurnReadOnlyAsync(SmallPool.Folder);
            var readOnly = (await client.ListVolumesAsync(new())).Entries.Single().Status.VolumeCondition;
            Assert.StartsWith("PoolReadOnly: ", readOnly.Message, StringComparison.Ordinal);
            Assert.Contains(SmallPool.Folder, readOnly.Message, StringComparison.Ordinal);
            Assert.Equal(0, (await client.GetCapacityAsync(new())).AvailableCapacity);
            var refusal = await Assert.ThrowsAsync<CallFailedException>(() => volume.DeleteAsync(client));
            Assert.Equal(StatusCode.Unavailable, refusal.Code);
            Assert.Contains("'small' is read-only", refusal.Detail, StringComparison.Ordinal);

            async Task<VolumeCondition> ConditionAsync() =>
                (await client.NodeGetVolumeStatsAsync(new() { VolumeId = volume.Id, VolumePath = volume.Target })).VolumeCondition;
        }

        Assert.Equal(before, KernelState.Take(PoolDisk.Root));
    }
}

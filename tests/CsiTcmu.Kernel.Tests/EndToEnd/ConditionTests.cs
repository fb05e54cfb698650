using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>What happens to a volume behind the driver's back is told by its condition until it is undone, and costs no data.</summary>
[Collection(DriverCollection.Name)]
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class ConditionTests(DriverFixture fixture)
{
    private const long Size = 32L << 20;
    private readonly IReadOnlyList<string> _before = DriverFixture.Now();

    private CsiClient Client => fixture.Driver.Client;

    [Fact]
    public async Task A_file_system_that_went_read_only_and_an_image_that_is_lost_are_told()
    {
        using var data = new Pattern(1);
        var volume = await StagedVolume.MakeAsync(Client, "condition-mount", "ext4", Size);
        Assert.Equal("", await data.WriteAsync(volume.Target + "/file", 0));
        await IsWellAsync(volume);
        var image = $"{fixture.Driver.Pool}/volumes/{volume.Id}/image";

        File.Move(image, image + "-away");
        await IsToldAsync(volume, "ImageMissing", image);
        File.Move(image + "-away", image);
        await IsWellAsync(volume);
        await Shell.RunAsync("truncate", "-s", $"{Size - 4096}", image);
        await IsToldAsync(volume, "ImageTruncated", image);
        await Shell.RunAsync("truncate", "-s", $"{Size}", image);
        await IsWellAsync(volume);

        await Ext4Error.TurnReadOnlyAsync(volume.Staging);
        await IsToldAsync(volume, "FileSystemReadOnly", volume.Staging);
        await volume.UnpublishAsync(Client);
        await volume.UnstageAsync(Client);
        await volume.StageAsync(Client);
        await volume.PublishAsync(Client);
        await IsWellAsync(volume);
        Assert.Equal("", await data.CompareAsync(volume.Target + "/file", 0));
        Assert.Equal("", await data.WriteAsync(volume.Target + "/file", 0));

        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task A_disk_that_is_offline_or_gone_is_told()
    {
        using var data = new Pattern(1);
        var volume = await StagedVolume.MakeAsync(Client, "condition-disk", "", Size);
        var disk = await volume.DiskAsync();
        Assert.Equal("", await data.WriteAsync(disk, 3));
        await IsWellAsync(volume);

        var state = $"/sys/block/{Path.GetFileName(disk)}/device/state";
        await File.WriteAllTextAsync(state, "offline\n");
        await IsToldAsync(volume, "DiskOffline", disk);
        await File.WriteAllTextAsync(state, "running\n");
        await IsWellAsync(volume);

        // Somebody unlinks the LUN.
        await volume.UnpublishAsync(Client);
        var link = (await Shell.RunAsync("find", "/sys/kernel/config/target/loopback", "-type", "l", "-lname", $"*/{volume.Id}")).Trim();
        File.Delete(link);
        var gone = await Client.NodeGetVolumeStatsAsync(new() { VolumeId = volume.Id, VolumePath = volume.Staging });
        Assert.Empty(gone.Usage);
        Assert.True(gone.VolumeCondition.Abnormal);
        Assert.Contains("DiskGone", gone.VolumeCondition.Message, StringComparison.Ordinal);
        await volume.UnstageAsync(Client);
        await volume.StageAsync(Client);
        await volume.PublishAsync(Client);
        await IsWellAsync(volume);
        Assert.Equal("", await data.CompareAsync(await volume.DiskAsync(), 3));

        var wrong = await Assert.ThrowsAsync<CallFailedException>(() => Client.NodeGetVolumeStatsAsync(new() { VolumeId = volume.Id, VolumePath = "/tmp" }));
        Assert.Equal(StatusCode.NotFound, wrong.Code);
        await volume.RemoveAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    [Fact]
    public async Task Node_and_controller_tell_place_limit_and_room()
    {
        var node = await Client.NodeGetInfoAsync(new());
        Assert.Equal("node-1", node.AccessibleTopology.Segments["csi-tcmu.io/node"]);
        Assert.InRange(node.MaxVolumesPerNode, 10, 1 << 20);
        var room = await Client.GetCapacityAsync(new()
        {
            AccessibleTopology = node.AccessibleTopology,
            Parameters = { ["pool"] = "test", ["csi.storage.k8s.io/fstype"] = "xfs" },
        });
        Assert.Equal(300L << 20, room.MinimumVolumeSize);
        Assert.Equal(room.AvailableCapacity, room.MaximumVolumeSize);

        // What is promised is there: the largest volume takes all, and then there is no room.
        var largest = await StagedVolume.CreateAsync(Client, "condition-largest", "", room.MaximumVolumeSize!.Value);
        Assert.Equal(0, (await Client.GetCapacityAsync(new())).AvailableCapacity);
        var refusal = await Assert.ThrowsAsync<CallFailedException>(() => StagedVolume.CreateAsync(Client, "condition-more", "", Size));
        Assert.Equal(StatusCode.ResourceExhausted, refusal.Code);
        await largest.DeleteAsync(Client);
        Assert.Equal(_before, DriverFixture.Now());
    }

    private async Task IsWellAsync(StagedVolume volume)
    {
        foreach (var condition in await ConditionsAsync(volume)) Assert.False(condition.Abnormal, condition.Message);
    }

    /// <summary>All three calls that tell a condition name the reason and the thing.</summary>
    private async Task IsToldAsync(StagedVolume volume, string reason, string thing)
    {
        foreach (var condition in await ConditionsAsync(volume))
        {
            Assert.True(condition.Abnormal);
            Assert.StartsWith(reason + ": ", condition.Message, StringComparison.Ordinal);
            Assert.Contains(thing, condition.Message, StringComparison.Ordinal);
        }
    }

    private async Task<VolumeCondition[]> ConditionsAsync(StagedVolume volume) =>
    [
        (await Client.NodeGetVolumeStatsAsync(new() { VolumeId = volume.Id, VolumePath = volume.Target })).VolumeCondition,
        (await Client.ControllerGetVolumeAsync(new() { VolumeId = volume.Id })).Status.VolumeCondition,
        (await Client.ListVolumesAsync(new())).Entries.Single(entry => entry.Volume.VolumeId == volume.Id).Status.VolumeCondition,
    ];
}

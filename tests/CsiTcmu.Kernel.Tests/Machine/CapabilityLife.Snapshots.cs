using System.Text.Json;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <content>Snapshots, copies, groups and changed blocks.</content>
internal sealed partial class CapabilityLife
{
    private async Task SnapshotAsync()
    {
        var request = new { name = "life-snapshot", source_volume_id = _mounted.Id, parameters = new { freeze = "true" } };
        var snapshot = (await Client.CallAsync("Controller.CreateSnapshot", request)).Text("snapshot", "snapshot_id");
        await File.WriteAllTextAsync(_mounted.Target + "/after", "after");
        Assert.True((await Client.CallAsync("Controller.GetSnapshot", new { snapshot_id = snapshot })).Flag("snapshot", "ready_to_use"));
        foreach (var filter in new object[] { new { snapshot_id = snapshot }, new { source_volume_id = _mounted.Id } })
            Assert.Equal(snapshot, Assert.Single((await Client.CallAsync("Controller.ListSnapshots", filter)).List("entries")).Text("snapshot", "snapshot_id"));
        Assert.Empty((await Client.CallAsync("Controller.ListSnapshots", new { source_volume_id = _raw.Id })).List("entries"));

        var restored = await ForeignVolume.MakeAsync(Client, "life-restored", ForeignVolume.Use("ext4"), 3 * Size, ForeignVolume.FromSnapshot(snapshot));
        await HasDataAsync(restored);
        Assert.False(File.Exists(restored.Target + "/after"));
        var use = await Client.CallAsync("Node.NodeGetVolumeStats", new { volume_id = restored.Id, volume_path = restored.Target });
        Assert.InRange(use.List("usage")[0].Number("total"), 2 * Size, 3 * Size);
        await Client.CallAsync("Controller.DeleteSnapshot", new { snapshot_id = snapshot });
        await Client.RefusedAsync("NOT_FOUND", "Controller.GetSnapshot", new { snapshot_id = snapshot });
        await HasDataAsync(restored);
        await restored.RemoveAsync();
    }

    private async Task CloneAsync()
    {
        await Shell.RunAsync("sync", "-f", _mounted.Target);
        var clone = await ForeignVolume.MakeAsync(Client, "life-clone", ForeignVolume.Use("ext4"), 2 * Size, _mounted.AsSource());
        await HasDataAsync(clone);
        Assert.Equal("after", await File.ReadAllTextAsync(clone.Target + "/after"));
        File.Delete(clone.Target + "/data");
        await HasDataAsync(_mounted);
        await clone.RemoveAsync();
    }

    private async Task GroupAsync()
    {
        await Shell.RunAsync("sync", "-f", _mounted.Target);
        var made = await Client.CallAsync("GroupController.CreateVolumeGroupSnapshot", new { name = "life-group", source_volume_ids = new[] { _mounted.Id, _raw.Id } });
        var id = made.Text("group_snapshot", "group_snapshot_id");
        Assert.Equal("", await _later.WriteAsync(_raw.Target, 0));
        var group = await Client.CallAsync("GroupController.GetVolumeGroupSnapshot", new { group_snapshot_id = id });
        Assert.True(group.Flag("group_snapshot", "ready_to_use"));
        var members = group.List("group_snapshot", "snapshots").ToDictionary(member => member.Text("source_volume_id"), member => member.Text("snapshot_id"), StringComparer.Ordinal);

        var mounted = await ForeignVolume.MakeAsync(Client, "life-member", ForeignVolume.Use("ext4"), 2 * Size, ForeignVolume.FromSnapshot(members[_mounted.Id]));
        await HasDataAsync(mounted);
        var raw = await ForeignVolume.MakeAsync(Client, "life-member-raw", ForeignVolume.Use(""), 2 * Size, ForeignVolume.FromSnapshot(members[_raw.Id]));
        Assert.Equal("", await _data.CompareAsync(raw.Target, 0));
        await mounted.RemoveAsync();
        await raw.RemoveAsync();

        await Client.CallAsync("GroupController.DeleteVolumeGroupSnapshot", new { group_snapshot_id = id, snapshot_ids = members.Values });
        await Client.RefusedAsync("NOT_FOUND", "GroupController.GetVolumeGroupSnapshot", new { group_snapshot_id = id });
        Assert.Equal("", await _later.CompareAsync(_raw.Target, 0));
    }

    /// <summary>What is told to hold data, and to have changed, is what was written; read from a volume that is made from the snapshot.</summary>
    private async Task AskForBlocksAsync()
    {
        var volume = await ForeignVolume.MakeAsync(Client, "life-blocks", ForeignVolume.Use(""), Size);
        Assert.Equal("", await _data.WriteAsync(volume.Target, 4));
        await SnapshotAsync("life-1");
        Assert.Equal("", await _later.WriteAsync(volume.Target, 30));
        await SnapshotAsync("life-2");
        await volume.RemoveAsync();

        var (first, second) = ((4L << 20, (long)_data.Bytes.Length), (30L << 20, (long)_later.Bytes.Length));
        Assert.Equal([first, second], Ranges(await Client.CallAsync("SnapshotMetadata.GetMetadataAllocated", new { snapshot_id = "life-2", max_results = 1 })));
        Assert.Equal([second], Ranges(await Client.CallAsync("SnapshotMetadata.GetMetadataDelta", new { base_snapshot_id = "life-1", target_snapshot_id = "life-2" })));

        var restored = await ForeignVolume.MakeAsync(Client, "life-blocks-restored", ForeignVolume.Use(""), Size, ForeignVolume.FromSnapshot("life-2"));
        Assert.Equal("", await _data.CompareAsync(restored.Target, 4));
        Assert.Equal("", await _later.CompareAsync(restored.Target, 30));
        await restored.RemoveAsync();
        foreach (var id in new[] { "life-1", "life-2" }) await Client.CallAsync("Controller.DeleteSnapshot", new { snapshot_id = id });

        Task SnapshotAsync(string name) => Client.CallAsync("Controller.CreateSnapshot", new { name, source_volume_id = volume.Id });
    }

    private static IEnumerable<(long Offset, long Length)> Ranges(JsonElement messages) => messages.EnumerateArray()
        .SelectMany(message => message.List("block_metadata"))
        .Select(range => (range.Number("byte_offset"), range.Number("size_bytes")));
}

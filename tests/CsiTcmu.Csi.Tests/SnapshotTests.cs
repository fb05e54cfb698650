using Csi.V1;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Node;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Csi.Tests;

/// <summary>Snapshots, groups and volumes made from them over the real catalogue: codes and answers.</summary>
public sealed class SnapshotTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("csi-pools-").FullName;
    private readonly NoDisks _disks = new();
    private VolumeCatalogue _catalogue = null!;
    private Driver _driver = null!;

    public async ValueTask InitializeAsync()
    {
        _catalogue = VolumeCatalogue.Open([new PoolSpecification("main", _directory, 0)], _disks, NullLogger.Instance);
        _driver = await Driver.StartAsync(
            _catalogue, new NodeVolumes("node-a", _catalogue, _disks, NullLogger.Instance), new NodeHealth(_catalogue, _disks));
        foreach (var name in new[] { "pvc-1", "pvc-2" }) await _driver.Client.CreateVolumeAsync(Good.Create(name));
    }

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _catalogue.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Snapshot_tells_what_it_is_and_repeats_are_the_same()
    {
        var before = DateTime.UtcNow;
        var snapshot = (await _driver.Client.CreateSnapshotAsync(Good.Snapshot(source: "pvc-1"))).Snapshot;
        Assert.Equal(("snapshot-1", "pvc-1", Good.Gibibyte, true, ""), (snapshot.SnapshotId, snapshot.SourceVolumeId, snapshot.SizeBytes, snapshot.ReadyToUse, snapshot.GroupSnapshotId));
        Assert.InRange(snapshot.CreationTime.ToDateTime(), before, DateTime.UtcNow);
        Assert.Equal("node-a", Assert.Single(snapshot.AccessibleTopology).Segments["csi-tcmu.io/node"]);

        Assert.Equal(snapshot, (await _driver.Client.CreateSnapshotAsync(Good.Snapshot(source: "pvc-1"))).Snapshot);
        Assert.Equal(snapshot, (await _driver.Client.GetSnapshotAsync(Good.GetSnapshot())).Snapshot);
        Assert.Equal(snapshot, Assert.Single((await _driver.Client.ListSnapshotsAsync(new() { SnapshotId = "snapshot-1" })).Entries).Snapshot);
        await _driver.RefusesAsync(Good.Snapshot(source: "pvc-2"), StatusCode.AlreadyExists, "one of volume 'pvc-1'");

        await _driver.Client.DeleteVolumeAsync(Good.Delete("pvc-1"));
        Assert.Equal(snapshot, (await _driver.Client.GetSnapshotAsync(Good.GetSnapshot())).Snapshot);
        await _driver.Client.DeleteSnapshotAsync(Good.DeleteSnapshot());
        await _driver.Client.DeleteSnapshotAsync(Good.DeleteSnapshot());
        await _driver.RefusesAsync(Good.GetSnapshot(), StatusCode.NotFound);
    }

    [Theory]
    [InlineData("never-was")]
    [InlineData("../pvc-1")]
    public async Task What_is_not_there_is_not_found_or_nothing(string id)
    {
        await _driver.RefusesAsync(Good.Snapshot(source: id), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.GetSnapshot(id), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.GetGroup(id), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.Group("g", "pvc-1", id), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.From("pvc-3", Good.SnapshotSource(id)), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.From("pvc-3", Good.VolumeSource(id)), StatusCode.NotFound);
        Assert.Empty((await _driver.Client.ListSnapshotsAsync(new() { SnapshotId = id })).Entries);
        Assert.Empty((await _driver.Client.ListSnapshotsAsync(new() { SourceVolumeId = id })).Entries);
        await _driver.Client.DeleteSnapshotAsync(Good.DeleteSnapshot(id));
        await _driver.Client.DeleteVolumeGroupSnapshotAsync(Good.DeleteGroup(id));
        Assert.Equal(2, (await _driver.Client.ListVolumesAsync(new())).Entries.Count);
    }

    [Theory]
    [InlineData("colour", "blue", "'colour' is not known")]
    [InlineData("freeze", "yes", "'freeze' is 'yes'")]
    public async Task Wrong_parameter_is_named_and_makes_nothing(string key, string value, string says)
    {
        var request = Good.Snapshot(source: "pvc-1");
        request.Parameters[key] = value;
        await _driver.RefusesAsync(request, StatusCode.InvalidArgument, says);
        var group = Good.Group(sources: "pvc-1");
        group.Parameters[key] = value;
        await _driver.RefusesAsync(group, StatusCode.InvalidArgument, says);
        Assert.Empty((await _driver.Client.ListSnapshotsAsync(new())).Entries);
    }

    [Fact]
    public async Task What_the_snapshotter_adds_is_accepted()
    {
        var request = Good.Snapshot(source: "pvc-1");
        request.Parameters.Add(new Dictionary<string, string>
        {
            ["freeze"] = "true",
            ["csi.storage.k8s.io/volumesnapshot/name"] = "s",
            ["csi.storage.k8s.io/volumesnapshot/namespace"] = "n",
            ["csi.storage.k8s.io/volumesnapshotcontent/name"] = "c",
        });
        Assert.True((await _driver.Client.CreateSnapshotAsync(request)).Snapshot.ReadyToUse);
    }

    [Fact]
    public async Task Pages_hold_every_snapshot_once()
    {
        for (var i = 0; i < 5; i++) await _driver.Client.CreateSnapshotAsync(Good.Snapshot($"s-{i}", i % 2 == 0 ? "pvc-1" : "pvc-2"));
        var seen = new List<string>();
        var token = "";
        do
        {
            var page = await _driver.Client.ListSnapshotsAsync(new() { MaxEntries = 2, StartingToken = token });
            Assert.InRange(page.Entries.Count, 1, 2);
            seen.AddRange(page.Entries.Select(entry => entry.Snapshot.SnapshotId));
            token = page.NextToken;
        }
        while (token.Length > 0);
        Assert.Equal(["s-0", "s-1", "s-2", "s-3", "s-4"], seen);
        Assert.Equal(["s-1", "s-3"], (await _driver.Client.ListSnapshotsAsync(new() { SourceVolumeId = "pvc-2" })).Entries.Select(entry => entry.Snapshot.SnapshotId));
        await _driver.RefusesAsync(new ListSnapshotsRequest { StartingToken = "No/token" }, StatusCode.Aborted);
    }

    [Fact]
    public async Task Volume_from_a_source_says_so_and_is_as_large_or_larger()
    {
        await _driver.Client.CreateSnapshotAsync(Good.Snapshot(source: "pvc-1"));
        foreach (var source in new[] { Good.SnapshotSource("snapshot-1"), Good.VolumeSource("pvc-2") })
        {
            var name = $"from-{source.TypeCase}".ToLowerInvariant();
            var volume = (await _driver.Client.CreateVolumeAsync(Good.From(name, source))).Volume;
            Assert.Equal((source, Good.Gibibyte), (volume.ContentSource, volume.CapacityBytes));
            Assert.Equal(volume, (await _driver.Client.CreateVolumeAsync(Good.From(name, source))).Volume);
            Assert.Equal(volume, (await _driver.Client.ControllerGetVolumeAsync(Good.Get(name))).Volume);
            Assert.Equal(2 * Good.Gibibyte, (await _driver.Client.CreateVolumeAsync(Good.From(name + "-larger", source, 2 * Good.Gibibyte))).Volume.CapacityBytes);

            // The same name for something else.
            await _driver.RefusesAsync(Good.Create(name), StatusCode.AlreadyExists, "was made from");
            await _driver.RefusesAsync(Good.From("pvc-1", source), StatusCode.AlreadyExists, "was made empty");
            await _driver.RefusesAsync(Good.From(name, Good.VolumeSource("pvc-1")), StatusCode.AlreadyExists, "was made from");

            var smaller = Good.From(name + "-smaller", source);
            smaller.CapacityRange = new() { LimitBytes = Good.Gibibyte / 2 };
            await _driver.RefusesAsync(smaller, StatusCode.OutOfRange);
            var other = Good.From(name + "-other", source);
            other.VolumeCapabilities[0].Mount.FsType = "xfs";
            await _driver.RefusesAsync(other, StatusCode.InvalidArgument, "has ext4");
            var blocks = Good.From(name + "-blocks", source);
            blocks.Parameters["logicalBlockSize"] = "4096";
            await _driver.RefusesAsync(blocks, StatusCode.InvalidArgument, "'logicalBlockSize' is 4096");
        }

        await _driver.RefusesAsync(Good.From("pvc-9", Good.VolumeSource("pvc-9")), StatusCode.InvalidArgument, "its own source");

        // The volumes say what they are also when what they came from is gone.
        await _driver.Client.DeleteSnapshotAsync(Good.DeleteSnapshot());
        await _driver.Client.DeleteVolumeAsync(Good.Delete("pvc-2"));
        Assert.Equal("from-volume", (await _driver.Client.CreateVolumeAsync(Good.From("from-volume", Good.VolumeSource("pvc-2")))).Volume.VolumeId);
        Assert.Equal("from-snapshot", (await _driver.Client.CreateVolumeAsync(Good.From("from-snapshot", Good.SnapshotSource("snapshot-1")))).Volume.VolumeId);
    }

    [Fact]
    public async Task Group_is_made_shown_and_deleted_as_a_whole()
    {
        Assert.Equal(
            GroupControllerServiceCapability.Types.RPC.Types.Type.CreateDeleteGetVolumeGroupSnapshot,
            Assert.Single((await _driver.Client.GroupControllerGetCapabilitiesAsync(new())).Capabilities).Rpc.Type);

        var group = (await _driver.Client.CreateVolumeGroupSnapshotAsync(Good.Group(sources: ["pvc-2", "pvc-1"]))).GroupSnapshot;
        Assert.Equal(("group-1", true), (group.GroupSnapshotId, group.ReadyToUse));
        Assert.Equal(["pvc-1", "pvc-2"], group.Snapshots.Select(snapshot => snapshot.SourceVolumeId));
        Assert.All(group.Snapshots, snapshot => Assert.Equal(("group-1", group.CreationTime, true), (snapshot.GroupSnapshotId, snapshot.CreationTime, snapshot.ReadyToUse)));
        Assert.Equal(group, (await _driver.Client.CreateVolumeGroupSnapshotAsync(Good.Group(sources: ["pvc-1", "pvc-2"]))).GroupSnapshot);
        await _driver.RefusesAsync(Good.Group(sources: "pvc-1"), StatusCode.AlreadyExists, "pvc-1, pvc-2");
        await _driver.RefusesAsync(Good.Group("g", "pvc-1", "pvc-1"), StatusCode.InvalidArgument, "twice");

        var get = Good.GetGroup();
        Assert.Equal(group, (await _driver.Client.GetVolumeGroupSnapshotAsync(get)).GroupSnapshot);
        get.SnapshotIds.Add(group.Snapshots.Select(snapshot => snapshot.SnapshotId));
        Assert.Equal(group, (await _driver.Client.GetVolumeGroupSnapshotAsync(get)).GroupSnapshot);
        get.SnapshotIds[0] = "other";
        await _driver.RefusesAsync(get, StatusCode.InvalidArgument, "not those of group");
        await _driver.RefusesAsync(new DeleteVolumeGroupSnapshotRequest { GroupSnapshotId = "group-1", SnapshotIds = { "other" } }, StatusCode.InvalidArgument);

        Assert.Equal(2, (await _driver.Client.ListSnapshotsAsync(new())).Entries.Count);
        var member = group.Snapshots[0].SnapshotId;
        Assert.Equal(member, (await _driver.Client.GetSnapshotAsync(Good.GetSnapshot(member))).Snapshot.SnapshotId);
        await _driver.RefusesAsync(Good.DeleteSnapshot(member), StatusCode.InvalidArgument, "delete the group");
        Assert.Equal("restored", (await _driver.Client.CreateVolumeAsync(Good.From("restored", Good.SnapshotSource(member)))).Volume.VolumeId);

        await _driver.Client.DeleteVolumeGroupSnapshotAsync(Good.DeleteGroup());
        await _driver.Client.DeleteVolumeGroupSnapshotAsync(Good.DeleteGroup());
        Assert.Empty((await _driver.Client.ListSnapshotsAsync(new())).Entries);
        await _driver.RefusesAsync(Good.GetGroup(), StatusCode.NotFound);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory + "/snapshots"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory + "/groups"));
    }
}

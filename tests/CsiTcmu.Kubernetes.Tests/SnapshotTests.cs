using Csi.V1;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;
using Grpc.Core;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>Snapshots, groups and copies by controller and agents on a real API server, called as the sidecars call.</summary>
[Collection(nameof(ApiServer))]
public sealed class SnapshotTests(ApiServer server) : ClusterTest(server)
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 4096).Select(i => (byte)i)];

    [Fact]
    public async Task Snapshot_lives_and_leaves_nothing()
    {
        var node = await NodeAsync("a");
        await Client.CreateVolumeAsync(Request("pvc-1", 32 * Mebibyte));
        await WriteAsync(node.Image("pvc-1"));
        var request = new CreateSnapshotRequest
        {
            Name = "snapshot-1",
            SourceVolumeId = "pvc-1",
            Parameters = { ["csi.storage.k8s.io/volumesnapshot/name"] = "nightly", ["csi.storage.k8s.io/volumesnapshot/namespace"] = "shop" },
        };

        var taken = (await Client.CreateSnapshotAsync(request)).Snapshot;

        Assert.Equal(("snapshot-1", "pvc-1", 32 * Mebibyte, true), (taken.SnapshotId, taken.SourceVolumeId, taken.SizeBytes, taken.ReadyToUse));
        Assert.Equal("a", Assert.Single(taken.AccessibleTopology).Segments[Key]);
        var resource = await Server.Admin.GetAsync(Kinds.Snapshots, "snapshot-1", null, default);
        Assert.Equal(("Ready", "32Mi", "shop/nightly", "main"), (resource.Status!.Phase, $"{resource.Status.Size}", $"{resource.Spec.Snapshot!.Namespace}/{resource.Spec.Snapshot.Name}", resource.Spec.Pool));
        Assert.Equal(taken, (await Client.CreateSnapshotAsync(request)).Snapshot);
        Assert.Equal(taken, (await Client.GetSnapshotAsync(new() { SnapshotId = "snapshot-1" })).Snapshot);
        Assert.Equal(taken, Assert.Single((await Client.ListSnapshotsAsync(new() { SourceVolumeId = "pvc-1" })).Entries).Snapshot);

        // A snapshot outlives its volume.
        await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" });
        Assert.Equal(taken, (await Client.GetSnapshotAsync(new() { SnapshotId = "snapshot-1" })).Snapshot);
        Assert.Equal(taken, (await Client.CreateSnapshotAsync(request)).Snapshot);

        await Client.DeleteSnapshotAsync(new() { SnapshotId = "snapshot-1" });
        await Client.DeleteSnapshotAsync(new() { SnapshotId = "snapshot-1" });
        Assert.Null(await Server.Admin.FindAsync(Kinds.Snapshots, "snapshot-1", null, default));
        Assert.Empty((await node.Catalogue.ListSnapshotsAsync(new("", ""), 0, "", default)).Snapshots);
    }

    [Fact]
    public async Task Snapshots_are_listed_page_by_page_and_refusals_have_their_codes()
    {
        await NodeAsync("a");
        await Client.CreateVolumeAsync(Request("pvc-1"));
        await Client.CreateVolumeAsync(Request("pvc-2"));
        for (var i = 0; i < 3; i++) await TakeAsync($"s-{i}", "pvc-1");
        await TakeAsync("Name that is no name of a resource", "pvc-2");

        var names = new List<string>();
        var token = "";
        do
        {
            var page = await Client.ListSnapshotsAsync(new() { MaxEntries = 2, StartingToken = token });
            names.AddRange(page.Entries.Select(entry => entry.Snapshot.SnapshotId));
            token = page.NextToken;
        }
        while (token.Length > 0);
        Assert.Equal(4, names.Distinct().Count());
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Empty((await Client.ListSnapshotsAsync(new() { SnapshotId = "absent" })).Entries);
        Assert.Single((await Client.ListSnapshotsAsync(new() { SnapshotId = "s-1" })).Entries);

        await RefusesAsync(() => Client.ListSnapshotsAsync(new() { StartingToken = "s-1" }), StatusCode.Aborted, "token");
        await RefusesAsync(() => Client.ListVolumesAsync(new() { StartingToken = "pvc-1" }), StatusCode.Aborted, "token");
        await RefusesAsync(() => TakeAsync("s-1", "pvc-2"), StatusCode.AlreadyExists, "'pvc-1'");
        await RefusesAsync(() => TakeAsync("s-9", "absent"), StatusCode.NotFound, "'absent'");
        await RefusesAsync(() => Client.GetSnapshotAsync(new() { SnapshotId = "absent" }), StatusCode.NotFound, "'absent'");
        await RefusesAsync(
            () => Client.CreateSnapshotAsync(new() { Name = "s-9", SourceVolumeId = "pvc-1", Parameters = { ["colour"] = "blue" } }), StatusCode.InvalidArgument, "'colour'");
        Assert.Null(await Server.Admin.FindAsync(Kinds.Snapshots, "s-9", null, default));
    }

    [Fact]
    public async Task Copies_are_made_where_their_source_is_and_as_large_as_it_at_least()
    {
        await NodeAsync("b");
        var node = await NodeAsync("a", pools: ["fast", "slow"]);
        var source = Request("pvc-1", 32 * Mebibyte, "a");
        source.Parameters["pool"] = "slow";
        await Client.CreateVolumeAsync(source);
        await WriteAsync(node.Image("pvc-1", "slow"));
        await TakeAsync("s-1", "pvc-1");

        var restored = (await Client.CreateVolumeAsync(Copy("pvc-2", 64 * Mebibyte, snapshot: "s-1"))).Volume;
        Assert.Equal(64 * Mebibyte, restored.CapacityBytes);
        Assert.Equal("s-1", restored.ContentSource.Snapshot.SnapshotId);
        Assert.Equal("a", restored.AccessibleTopology[0].Segments[Key]);
        Assert.Equal(Content, await ReadAsync(node.Image("pvc-2", "slow")));
        Assert.Equal(restored, (await Client.CreateVolumeAsync(Copy("pvc-2", 64 * Mebibyte, snapshot: "s-1"))).Volume);

        var cloned = (await Client.CreateVolumeAsync(Copy("pvc-3", 1, volume: "pvc-1"))).Volume;
        Assert.Equal(32 * Mebibyte, cloned.CapacityBytes);
        Assert.Equal("pvc-1", cloned.ContentSource.Volume.VolumeId);
        Assert.Equal(Content, await ReadAsync(node.Image("pvc-3", "slow")));
        var spec = (await ResourceAsync("pvc-3")).Spec;
        Assert.Equal(("Volume", "pvc-1", "a", "slow"), (spec.Source!.Kind, spec.Source.Name, spec.Node, spec.Pool));

        var elsewhere = Copy("pvc-4", 1, snapshot: "s-1");
        elsewhere.AccessibilityRequirements = new() { Requisite = { Segment("b") } };
        await RefusesAsync(() => Client.CreateVolumeAsync(elsewhere), StatusCode.ResourceExhausted, "is on node 'a'");
        var small = Copy("pvc-4", 1, snapshot: "s-1");
        small.CapacityRange.LimitBytes = 16 * Mebibyte;
        await RefusesAsync(() => Client.CreateVolumeAsync(small), StatusCode.OutOfRange, "snapshot 's-1'");
        await RefusesAsync(() => Client.CreateVolumeAsync(Copy("pvc-4", 1, snapshot: "absent")), StatusCode.NotFound, "'absent'");
        await RefusesAsync(() => Client.CreateVolumeAsync(Copy("pvc-4", 1, volume: "absent")), StatusCode.NotFound, "'absent'");
        await RefusesAsync(() => Client.CreateVolumeAsync(Copy("pvc-2", 64 * Mebibyte, volume: "pvc-1")), StatusCode.AlreadyExists, "was made from Snapshot");
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-2", 64 * Mebibyte)), StatusCode.AlreadyExists, "was made from Snapshot");
        Assert.Null(await Server.Admin.FindAsync(Kinds.Volumes, "pvc-4", null, default));

        // What the node refuses is taken back: the source was lost behind everybody's back.
        Directory.Delete(Path.Combine(node.Folder, "slow", "snapshots", "s-1"), recursive: true);
        await RefusesAsync(() => Client.CreateVolumeAsync(Copy("pvc-4", 1, snapshot: "s-1")), StatusCode.NotFound, "'s-1'");
        Assert.Null(await Server.Admin.FindAsync(Kinds.Volumes, "pvc-4", null, default));
    }

    [Fact]
    public async Task Group_is_taken_whole_and_deleted_whole()
    {
        var node = await NodeAsync("a");
        await NodeAsync("b");
        await Client.CreateVolumeAsync(Request("pvc-1", node: "a"));
        await Client.CreateVolumeAsync(Request("pvc-2", 32 * Mebibyte, "a"));
        await Client.CreateVolumeAsync(Request("pvc-3", node: "b"));
        await WriteAsync(node.Image("pvc-1"));
        var request = new CreateVolumeGroupSnapshotRequest { Name = "group-1", SourceVolumeIds = { "pvc-2", "pvc-1" } };

        var group = (await Client.CreateVolumeGroupSnapshotAsync(request)).GroupSnapshot;

        Assert.Equal(("group-1", true), (group.GroupSnapshotId, group.ReadyToUse));
        Assert.Equal(["pvc-1", "pvc-2"], group.Snapshots.Select(snapshot => snapshot.SourceVolumeId));
        Assert.All(group.Snapshots, snapshot => Assert.Equal(("group-1", group.CreationTime, "a"), (snapshot.GroupSnapshotId, snapshot.CreationTime, snapshot.AccessibleTopology[0].Segments[Key])));
        Assert.Equal(group, (await Client.CreateVolumeGroupSnapshotAsync(request)).GroupSnapshot);
        var ids = group.Snapshots.Select(snapshot => snapshot.SnapshotId).ToList();
        Assert.Equal(group, (await Client.GetVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "group-1", SnapshotIds = { ids } })).GroupSnapshot);
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await Client.ListSnapshotsAsync(new())).Entries.Select(entry => entry.Snapshot.SnapshotId));
        Assert.Equal("Ready", (await Server.Admin.GetAsync(Kinds.Groups, "group-1", null, default)).Status!.Phase);

        await Client.CreateVolumeAsync(Copy("pvc-4", 1, snapshot: ids[0]));
        Assert.Equal(Content, await ReadAsync(node.Image("pvc-4")));

        await RefusesAsync(() => Client.DeleteSnapshotAsync(new() { SnapshotId = ids[0] }), StatusCode.InvalidArgument, "group 'group-1'");
        await RefusesAsync(() => Client.DeleteVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "group-1", SnapshotIds = { "other" } }), StatusCode.InvalidArgument, "not those");
        await RefusesAsync(
            () => Client.CreateVolumeGroupSnapshotAsync(new() { Name = "group-1", SourceVolumeIds = { "pvc-1" } }), StatusCode.AlreadyExists, "pvc-2");
        await RefusesAsync(
            () => Client.CreateVolumeGroupSnapshotAsync(new() { Name = "group-2", SourceVolumeIds = { "pvc-1", "pvc-3" } }), StatusCode.FailedPrecondition, "pvc-3 on 'b'");
        await RefusesAsync(
            () => Client.CreateVolumeGroupSnapshotAsync(new() { Name = "group-2", SourceVolumeIds = { "pvc-1", "absent" } }), StatusCode.NotFound, "'absent'");
        await RefusesAsync(() => Client.GetVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "group-2" }), StatusCode.NotFound, "'group-2'");

        await Client.DeleteVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "group-1", SnapshotIds = { ids } });
        await Client.DeleteVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "group-1" });
        Assert.Empty((await Client.ListSnapshotsAsync(new())).Entries);
        Assert.Empty(Directory.GetDirectories(Path.Combine(node.Folder, "main", "snapshots")));
    }

    [Fact]
    public async Task Snapshot_image_that_is_missing_is_never_taken_anew_and_its_user_is_told()
    {
        using var folder = new TemporaryFolder();
        await using (new TestNode(Server.Client("admin"), "a", folder.Path, keep: true))
        {
            await ReadyAsync("a");
            await Client.CreateVolumeAsync(Request("pvc-1"));
            await Client.CreateSnapshotAsync(new()
            {
                Name = "s-lost",
                SourceVolumeId = "pvc-1",
                Parameters = { ["csi.storage.k8s.io/volumesnapshot/name"] = "nightly", ["csi.storage.k8s.io/volumesnapshot/namespace"] = "default" },
            });
        }

        var image = Path.Combine(folder.Path, "main", "snapshots", "s-lost");
        Directory.Delete(image, recursive: true);
        await using var node = new TestNode(Server.Client("admin"), "a", folder.Path, keep: true);
        await Eventually.HoldsAsync(async () => (await Server.Admin.GetAsync(Kinds.Snapshots, "s-lost", null, default)).Status!.Error is not null, "the failure");

        var status = (await Server.Admin.GetAsync(Kinds.Snapshots, "s-lost", null, default)).Status!;
        Assert.Equal(("Failed", "FailedPrecondition"), (status.Phase, status.Error!.Code));
        Assert.Contains("missing", status.Error.Message, StringComparison.Ordinal);
        Assert.NotNull(status.TakenTime);
        Assert.False(Path.Exists(image));
        var events = (await Server.Admin.ListAsync(Kinds.Events, null, default)).Items;
        Assert.Contains(events, entry => entry is { Type: "Warning", Reason: "FailedPrecondition", InvolvedObject: { Kind: "VolumeSnapshot", Namespace: "default", Name: "nightly" } });
    }

    private Task<CreateSnapshotResponse> TakeAsync(string name, string volume) => Client.CreateSnapshotAsync(new() { Name = name, SourceVolumeId = volume });

    private static CreateVolumeRequest Copy(string name, long size, string? snapshot = null, string? volume = null)
    {
        var request = Request(name, size);
        request.VolumeContentSource = snapshot is not null ? new() { Snapshot = new() { SnapshotId = snapshot } } : new() { Volume = new() { VolumeId = volume } };
        return request;
    }

    private static async Task WriteAsync(string image)
    {
        await using var file = new FileStream(image, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        await file.WriteAsync(Content);
    }

    private static async Task<byte[]> ReadAsync(string image)
    {
        await using var file = new FileStream(image, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[Content.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }
}

using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>Controller and agents on a real API server, called as the sidecars call: what becomes of volumes, and of failures.</summary>
[Collection(nameof(ApiServer))]
public sealed class ClusterTests(ApiServer server) : ClusterTest(server)
{
    [Fact]
    public async Task Volume_lives_and_leaves_nothing()
    {
        var node = await NodeAsync("a");
        var request = Request("pvc-1", 100 * Mebibyte);
        request.Parameters["csi.storage.k8s.io/pvc/name"] = "data";
        request.Parameters["csi.storage.k8s.io/pvc/namespace"] = "shop";
        request.MutableParameters["iops"] = "500";

        var created = (await Client.CreateVolumeAsync(request)).Volume;

        Assert.Equal(("pvc-1", 100 * Mebibyte), (created.VolumeId, created.CapacityBytes));
        Assert.Equal("a", Assert.Single(created.AccessibleTopology).Segments[Key]);
        Assert.True(File.Exists(node.Image("pvc-1")));
        var resource = await ResourceAsync("pvc-1");
        Assert.Equal(("Ready", "100Mi", "shop/data"), (resource.Status!.Phase, $"{resource.Status.Size}", $"{resource.Spec.Claim!.Namespace}/{resource.Spec.Claim.Name}"));
        Assert.Equal(created.VolumeContext["csi-tcmu.io/wwid"], resource.Status.Wwid);
        Assert.Equal(created, (await Client.CreateVolumeAsync(request)).Volume);
        Assert.Equal(created, Assert.Single((await Client.ListVolumesAsync(new())).Entries).Volume);

        var grown = await Client.ControllerExpandVolumeAsync(Growth("pvc-1", 200 * Mebibyte));
        Assert.Equal(200 * Mebibyte, grown.CapacityBytes);
        Assert.Equal(200 * Mebibyte, new FileInfo(node.Image("pvc-1")).Length);
        Assert.Equal(200 * Mebibyte, (await Client.ControllerExpandVolumeAsync(Growth("pvc-1", 50 * Mebibyte))).CapacityBytes);

        await Client.ControllerModifyVolumeAsync(new() { VolumeId = "pvc-1", MutableParameters = { ["iops"] = "900", ["bandwidth"] = "20M" } });
        var limits = (await node.Catalogue.GetAsync("pvc-1", default)).MutableParameters;
        Assert.Equal(("900", "20M"), (limits["iops"], limits["bandwidth"]));

        await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" });
        await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" });
        Assert.False(Path.Exists(node.Image("pvc-1")));
        Assert.Null(await Server.Admin.FindAsync(Kinds.Volumes, "pvc-1", null, default));
        Assert.Empty((await Client.ListVolumesAsync(new())).Entries);
    }

    [Fact]
    public async Task Refusals_have_their_codes_and_leave_nothing()
    {
        await NodeAsync("a");
        var wrong = Request("pvc-1");
        wrong.Parameters["colour"] = "blue";
        await RefusesAsync(() => Client.CreateVolumeAsync(wrong), StatusCode.InvalidArgument, "'colour'");
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1", 1L << 55)), StatusCode.ResourceExhausted, "has room for 32Pi");
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1", node: "elsewhere")), StatusCode.ResourceExhausted, "elsewhere");
        await RefusesAsync(() => Client.ControllerExpandVolumeAsync(Growth("pvc-1", 1)), StatusCode.NotFound, "'pvc-1'");
        await RefusesAsync(() => Client.ControllerGetVolumeAsync(new() { VolumeId = "../x" }), StatusCode.NotFound, "no such volume");
        await Client.DeleteVolumeAsync(new() { VolumeId = "../x" });
        Assert.Empty((await Server.Admin.ListAsync(Kinds.Volumes, null, default)).Items);

        await Client.CreateVolumeAsync(Request("pvc-1"));
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1", 900 * Mebibyte)), StatusCode.AlreadyExists, "size");
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1", node: "b")), StatusCode.AlreadyExists, "on node 'a'");
        await RefusesAsync(() => Client.ControllerExpandVolumeAsync(Growth("pvc-1", 1L << 43)), StatusCode.ResourceExhausted, "room");
        Assert.Equal("16Mi", $"{(await ResourceAsync("pvc-1")).Spec.Size}");
        await RefusesAsync(
            () => Client.ControllerModifyVolumeAsync(new() { VolumeId = "pvc-1", MutableParameters = { ["iops"] = "many" } }), StatusCode.InvalidArgument, "many");
    }

    [Fact]
    public async Task Agent_without_room_refuses_and_the_name_can_be_placed_elsewhere()
    {
        // As if the pool had filled up between the node's report and the creation.
        var node = await NodeAsync("a");
        using var folder = new TemporaryFolder();
        await using var full = new TestNode(Server.Client("admin"), "full", folder.Path, reserve: 1L << 50, keep: true);
        var volume = new TcmuVolume
        {
            Metadata = new()
            {
                Name = "pvc-1",
                Finalizers = [NodeResources.Finalizer],
                Labels = new(StringComparer.Ordinal) { [NodeResources.NodeLabel] = "full" },
            },
            Spec = new() { Node = "full", Pool = "main", Size = new Quantity(16 * Mebibyte) },
        };
        await Server.Admin.CreateAsync(Kinds.Volumes, volume, default);
        await Eventually.HoldsAsync(async () => (await ResourceAsync("pvc-1")).Status?.Error?.Code == "Exhausted", "the refusal");

        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1")), StatusCode.ResourceExhausted, "room");
        Assert.Null(await Server.Admin.FindAsync(Kinds.Volumes, "pvc-1", null, default));
        Assert.Equal("a", (await Client.CreateVolumeAsync(Request("pvc-1"))).Volume.AccessibleTopology[0].Segments[Key]);
        Assert.True(File.Exists(node.Image("pvc-1")));
        var events = (await Server.Admin.ListAsync(Kinds.Events, null, default)).Items.Where(entry => entry.InvolvedObject.Name == "pvc-1");
        Assert.Contains(events, entry => entry is { Type: "Warning", Reason: "Exhausted" });
    }

    [Fact]
    public async Task Placement_follows_topology_and_capacity_is_told_by_segment()
    {
        await NodeAsync("a");
        await NodeAsync("b", pools: ["fast", "slow"]);

        Assert.Equal("b", (await Client.CreateVolumeAsync(Request("pvc-1", node: "b"))).Volume.AccessibleTopology[0].Segments[Key]);
        var both = Request("pvc-2");
        both.AccessibilityRequirements = new() { Requisite = { Segment("a"), Segment("b") }, Preferred = { Segment("a"), Segment("b") } };
        Assert.Equal("a", (await Client.CreateVolumeAsync(both)).Volume.AccessibleTopology[0].Segments[Key]);
        var slow = Request("pvc-3");
        slow.Parameters["pool"] = "slow";
        Assert.Equal("slow", (await Client.CreateVolumeAsync(slow)).Volume.VolumeContext["csi-tcmu.io/pool"]);

        var whole = (await Client.GetCapacityAsync(new() { AccessibleTopology = Segment("b") })).AvailableCapacity;
        var fast = await Client.GetCapacityAsync(new() { AccessibleTopology = Segment("b"), Parameters = { ["pool"] = "fast" } });
        Assert.True(fast.AvailableCapacity > 0 && fast.AvailableCapacity < whole, $"{fast.AvailableCapacity} of {whole}");
        Assert.Equal(fast.AvailableCapacity, fast.MaximumVolumeSize);
        Assert.Equal(16 * Mebibyte, fast.MinimumVolumeSize);
        Assert.Equal(0, (await Client.GetCapacityAsync(new() { AccessibleTopology = Segment("c") })).AvailableCapacity);
        Assert.Equal(0, (await Client.GetCapacityAsync(new() { AccessibleTopology = new() { Segments = { ["zone"] = "b" } } })).AvailableCapacity);
    }

    [Fact]
    public async Task Silent_agent_is_waited_for_and_the_answer_is_aborted()
    {
        using var folder = new TemporaryFolder();
        var node = new TestNode(Server.Client("admin"), "a", folder.Path, keep: true);
        await ReadyAsync("a");
        await node.DisposeAsync();

        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1")), StatusCode.Aborted, "on node 'a'");
        Assert.False((await ResourceAsync("pvc-1")).IsMade);

        // The agent comes back; the repetition finds the same volume.
        await using var back = new TestNode(Server.Client("admin"), "a", folder.Path, keep: true);
        await Eventually.HoldsAsync(async () => await TryCreateAsync("pvc-1"), "the volume");
        Assert.True(File.Exists(back.Image("pvc-1")));
    }

    [Fact]
    public async Task Volume_in_use_is_kept_until_it_is_not()
    {
        var node = await NodeAsync("a");
        await Client.CreateVolumeAsync(Request("pvc-1"));
        node.Disks.Attached.Add("pvc-1");

        await RefusesAsync(() => Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" }), StatusCode.FailedPrecondition, "in use");
        Assert.True(File.Exists(node.Image("pvc-1")));
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-1")), StatusCode.Aborted, "being deleted");

        node.Disks.Attached.Clear();
        await Eventually.HoldsAsync(async () => await Server.Admin.FindAsync(Kinds.Volumes, "pvc-1", null, default) is null, "the end of the volume");
        await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" });
        Assert.False(Path.Exists(node.Image("pvc-1")));
    }

    [Fact]
    public async Task Volume_that_is_busy_is_deleted_later_and_nobody_is_warned()
    {
        var node = await NodeAsync("a");
        await Client.CreateVolumeAsync(Request("pvc-busy"));
        var busy = new TaskCompletionSource();
        node.Disks.Limiting = busy.Task;
        var change = node.Catalogue.ModifyAsync("pvc-busy", new Dictionary<string, string> { ["iops"] = "500" }, default);

        var deletion = Client.DeleteVolumeAsync(new() { VolumeId = "pvc-busy" });
        await Eventually.HoldsAsync(() => Task.FromResult(node.Log.Lines.Any(IsRefused)), "an attempt to delete it");
        busy.SetResult();
        await change;
        await deletion;

        Assert.False(Path.Exists(node.Image("pvc-busy")));
        Assert.DoesNotContain(
            (await Server.Admin.ListAsync(Kinds.Events, null, default)).Items, told => told is { Type: "Warning", InvolvedObject.Name: "pvc-busy" });

        static bool IsRefused(string line) => line.Contains("modification of volume pvc-busy is under way", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_of_another_volume_is_neither_used_nor_deleted()
    {
        var node = await NodeAsync("a");
        await Client.CreateVolumeAsync(Request("pvc-1"));
        var mine = (await ResourceAsync("pvc-1")).Status!.Wwid;

        // As if somebody had put another image of that name into the pool.
        await node.Catalogue.DeleteAsync("pvc-1", default);
        var others = await node.Catalogue.CreateAsync(new() { Name = "pvc-1", Size = new(16 * Mebibyte, 0) }, default);
        Assert.NotEqual(mine, others.Wwid);
        await Client.ControllerModifyVolumeAsync(new() { VolumeId = "pvc-1", MutableParameters = { ["iops"] = "500" } }).ContinueWith(_ => { }, TaskScheduler.Default);
        await Eventually.HoldsAsync(async () => (await ResourceAsync("pvc-1")).Status!.Error?.Message.Contains(others.Wwid, StringComparison.Ordinal) == true, "the failure");
        Assert.Empty((await node.Catalogue.GetAsync("pvc-1", default)).MutableParameters);

        await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" });
        Assert.Equal(others.Wwid, (await node.Catalogue.GetAsync("pvc-1", default)).Wwid);
        Assert.True(File.Exists(node.Image("pvc-1")));
    }

    [Fact]
    public async Task Image_that_is_missing_is_never_made_anew()
    {
        using var folder = new TemporaryFolder();
        await using (new TestNode(Server.Client("admin"), "a", folder.Path, keep: true))
        {
            await ReadyAsync("a");
            await Client.CreateVolumeAsync(Request("pvc-1"));
        }

        Directory.Delete(Path.Combine(folder.Path, "main", "volumes", "pvc-1"), recursive: true);
        await using var node = new TestNode(Server.Client("admin"), "a", folder.Path, keep: true);
        await Eventually.HoldsAsync(async () => (await ResourceAsync("pvc-1")).Status!.Error is not null, "the failure");

        var status = (await ResourceAsync("pvc-1")).Status!;
        Assert.Equal(("Failed", "FailedPrecondition"), (status.Phase, status.Error!.Code));
        Assert.Contains("missing", status.Error.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(node.Image("pvc-1")));
    }

    [Fact]
    public async Task Trouble_of_a_volume_is_told_at_its_claim_and_so_is_its_end()
    {
        var node = await NodeAsync("a");
        var uid = Guid.NewGuid().ToString();
        var request = Request($"pvc-{uid}");
        request.Parameters["csi.storage.k8s.io/pvc/name"] = "cut";
        request.Parameters["csi.storage.k8s.io/pvc/namespace"] = "default";
        await Client.CreateVolumeAsync(request);
        var image = node.Image(request.Name);
        var whole = await File.ReadAllBytesAsync(image);

        await using (var file = new FileStream(image, FileMode.Open, FileAccess.Write)) file.SetLength(1 << 20);
        await Eventually.HoldsAsync(async () => await HealthyAsync() == "False ImageTruncated", "the condition");
        Assert.Contains(await EventsAsync(), entry => entry is { Type: "Warning", Reason: "ImageTruncated" } && entry.InvolvedObject.Uid == uid);

        await File.WriteAllBytesAsync(image, whole);
        await Eventually.HoldsAsync(async () => await HealthyAsync() == "True NothingWrong", "the end of the condition");
        await Eventually.HoldsAsync(async () => (await ResourceAsync(request.Name)).Status!.Phase == "Ready", "the volume");
        Assert.Contains(await EventsAsync(), entry => entry is { Type: "Normal", Reason: "Healthy" });

        async Task<string?> HealthyAsync() => (await ResourceAsync(request.Name)).Status!.Conditions!
            .Where(condition => condition.Type == "Healthy").Select(condition => $"{condition.Status} {condition.Reason}").SingleOrDefault();

        async Task<List<CoreEvent>> EventsAsync() =>
            (await Server.Admin.ListAsync(Kinds.Events, null, default)).Items.FindAll(entry => entry.InvolvedObject is { Kind: "PersistentVolumeClaim", Name: "cut", Namespace: "default" });
    }

    [Fact]
    public async Task Image_without_a_resource_is_reported_and_kept()
    {
        var node = await NodeAsync("a");
        await node.Catalogue.CreateAsync(new() { Name = "stray", Size = new(16 * Mebibyte, 0) }, default);

        await Eventually.HoldsAsync(async () => (await Server.Admin.GetAsync(Kinds.TcmuNodes, "a", null, default)).Status!.Orphans?.Contains("stray") == true, "the report");
        Assert.True(File.Exists(node.Image("stray")));
        Assert.Contains(node.Log.Lines, line => line.Contains("stray", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Resource_that_is_written_again_takes_the_image_that_is_there()
    {
        var node = await NodeAsync("a");
        var stray = await node.Catalogue.CreateAsync(new() { Name = "stray", Size = new(16 * Mebibyte, 0) }, default);
        await using (var image = File.OpenWrite(node.Image("stray"))) await image.WriteAsync("dear"u8.ToArray());

        // A resource of another wish is refused, and takes nothing with it when it goes.
        await Server.Admin.CreateAsync(Kinds.Volumes, Resource(32 * Mebibyte), default);
        await Eventually.HoldsAsync(async () => (await ResourceAsync("stray")).Status?.Error?.Code == nameof(VolumeError.AlreadyExists), "the refusal");
        await Client.DeleteVolumeAsync(new() { VolumeId = "stray" });
        Assert.Equal("dear"u8.ToArray(), (await File.ReadAllBytesAsync(node.Image("stray")))[..4]);

        await Server.Admin.CreateAsync(Kinds.Volumes, Resource(16 * Mebibyte), default);
        await Eventually.HoldsAsync(async () => (await ResourceAsync("stray")).Status?.Phase == "Ready", "the image's resource");
        Assert.Equal(stray.Wwid, (await ResourceAsync("stray")).Status!.Wwid);
        Assert.Equal("dear"u8.ToArray(), (await File.ReadAllBytesAsync(node.Image("stray")))[..4]);
        await Eventually.HoldsAsync(async () => (await Server.Admin.GetAsync(Kinds.TcmuNodes, "a", null, default)).Status!.Orphans is null, "the end of the report");

        await Client.DeleteVolumeAsync(new() { VolumeId = "stray" });
        Assert.False(Path.Exists(node.Image("stray")));

        TcmuVolume Resource(long size) => new()
        {
            Metadata = new() { Name = "stray", Labels = new(StringComparer.Ordinal) { [NodeResources.NodeLabel] = "a" } },
            Spec = new() { Node = "a", Pool = "main", Size = new Quantity(size) },
        };
    }

    [Fact]
    public async Task Node_tells_the_release_of_its_kernel()
    {
        await NodeAsync("a");
        var status = (await Server.Admin.GetAsync(Kinds.TcmuNodes, "a", null, default)).Status!;
        Assert.Equal((File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), "1.2.3"), (status.KernelVersion, status.DriverVersion));
    }

    [Fact]
    public async Task Node_tells_whether_zero_copy_can_be_had_as_it_is_now()
    {
        var node = await NodeAsync("a");
        Assert.Null(await ConditionAsync());

        node.Facts = [new("ZeroCopy", IsTrue: false, "NoArea", "0 of 2 volumes in use have a zero copy area: the wrong module")];
        await Eventually.HoldsAsync(async () => await ConditionAsync() == ("False", "NoArea", "0 of 2 volumes in use have a zero copy area: the wrong module"), "the condition");
        node.Facts = [new("ZeroCopy", IsTrue: true, "AreaAvailable", "1 of 2 volumes in use have a zero copy area")];
        await Eventually.HoldsAsync(async () => await ConditionAsync() == ("True", "AreaAvailable", "1 of 2 volumes in use have a zero copy area"), "its change");
        node.Facts = [];
        await Eventually.HoldsAsync(async () => await ConditionAsync() is null, "its end");

        async Task<(string Status, string Reason, string Message)?> ConditionAsync() =>
            (await Server.Admin.GetAsync(Kinds.TcmuNodes, "a", null, default)).Status!.Conditions!
                .Where(condition => condition.Type == "ZeroCopy").Select(condition => ((string, string, string)?)(condition.Status, condition.Reason, condition.Message)).SingleOrDefault();
    }

    [Fact]
    public async Task Two_controllers_that_want_the_same_make_it_once()
    {
        var node = await NodeAsync("a");
        await using var second = await ControllerHost.StartAsync(Server.Client("admin"));
        var names = Enumerable.Range(0, 20).Select(i => $"pvc-{i}").ToList();

        var answers = await Task.WhenAll(names.SelectMany(name => new[] { Client, second.Client }.Select(client => client.CreateVolumeAsync(Request(name)))));

        Assert.Equal(names.Order(), answers.Select(answer => answer.Volume.VolumeId).Distinct().Order());
        Assert.All(answers.GroupBy(answer => answer.Volume.VolumeId), pair => Assert.Single(pair.Select(answer => answer.Volume.VolumeContext["csi-tcmu.io/wwid"]).Distinct()));
        Assert.Equal(names.Count, (await node.Catalogue.ListAsync(0, "", default)).Volumes.Count);

        await Task.WhenAll(names.SelectMany(name => new[] { Client, second.Client }.Select(client => client.DeleteVolumeAsync(new() { VolumeId = name }))));
        Assert.Empty((await node.Catalogue.ListAsync(0, "", default)).Volumes);
        Assert.Empty((await Server.Admin.ListAsync(Kinds.Volumes, null, default)).Items);
    }

    [Fact]
    public async Task Server_that_is_away_stops_nothing_for_good()
    {
        var node = await NodeAsync("a");
        await Client.CreateVolumeAsync(Request("pvc-1"));
        await Server.StopServerAsync();

        // What the node needs for I/O it has; what needs the server says that it may be asked again.
        Assert.Equal("pvc-1", (await node.Catalogue.GetAsync("pvc-1", default)).Id);
        await RefusesAsync(() => Client.CreateVolumeAsync(Request("pvc-2")), StatusCode.Unavailable, "cannot be reached");
        await RefusesAsync(() => Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" }), StatusCode.Unavailable, "cannot be reached");

        await Server.StartServerAsync();
        await Eventually.HoldsAsync(() => TryCreateAsync("pvc-2"), "the second volume", 60);
        await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-1" });
        Assert.False(Path.Exists(node.Image("pvc-1")));
    }

    [Fact]
    public async Task Taint_goes_when_the_driver_is_registered_and_other_taints_stay()
    {
        await Server.ApplyAsync("api/v1/nodes", Manifests.Parse(
            """
            apiVersion: v1
            kind: Node
            metadata: {name: tainted}
            spec:
              taints:
              - {key: csi-tcmu.io/agent-not-ready, effect: NoExecute}
              - {key: gpu, value: "yes", effect: NoSchedule}
            """)[0]);
        await NodeAsync("tainted");
        await Task.Delay(1500);
        Assert.Equal(["csi-tcmu.io/agent-not-ready", "gpu"], await TaintsAsync());

        await Server.ApplyAsync("apis/storage.k8s.io/v1/csinodes", Manifests.Parse(
            """
            apiVersion: storage.k8s.io/v1
            kind: CSINode
            metadata: {name: tainted}
            spec: {drivers: [{name: csi-tcmu.io, nodeID: tainted}]}
            """)[0]);
        await Eventually.HoldsAsync(async () => (await TaintsAsync()).SequenceEqual(["gpu"]), "the removal of the taint");

        // The server adds taints of its own to a node that is not ready.
        async Task<List<string>> TaintsAsync() =>
        [
            .. (await Server.Admin.GetAsync(Kinds.Nodes, "tainted", null, default)).Spec!.Taints!
                .Select(taint => taint.Key).Where(key => !key.StartsWith("node.kubernetes.io/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];
    }
}

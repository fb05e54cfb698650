using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What becomes of volumes that nobody needs any more, and of those on nodes that are gone, on a real API server.</summary>
[Collection(nameof(ApiServer))]
public sealed class SweepTests(ApiServer server) : ClusterTest(server)
{
    private const string Claims = "api/v1/namespaces/default/persistentvolumeclaims";
    private const string Volumes = "api/v1/persistentvolumes";
    private static readonly ResourceCatalogueOptions Quick = new()
    {
        HeartbeatPatience = TimeSpan.FromSeconds(6),
        Sweeps = new SweepOptions { Period = TimeSpan.FromMilliseconds(200), OrphanAge = TimeSpan.FromSeconds(2), GoneNodeAge = TimeSpan.FromSeconds(2) },
    };

    private protected override ResourceCatalogueOptions Options => Quick;

    [Fact]
    public async Task Volume_is_deleted_only_when_claim_and_persistent_volume_are_both_gone_and_after_it_was_told()
    {
        var node = await NodeAsync("a");
        var (claimed, named, kept, orphan) = (await ClaimAsync("claimed"), await ClaimAsync("named"), await ClaimAsync("kept"), await ClaimAsync("orphan"));
        foreach (var (id, claim) in new[] { (claimed, "claimed"), (named, "named"), (kept, "kept"), (orphan, "orphan") }) await CreateAsync(id, claim);
        await CreateAsync("pvc-by-hand", claim: null);
        await PersistAsync("pv-of-another-name", named);
        await AnnotateAsync(kept, OrphanSweep.Keep, "true");
        foreach (var claim in new[] { "named", "kept", "orphan" }) await RemoveAsync($"{Claims}/{claim}");

        await Eventually.HoldsAsync(async () => await Server.Admin.FindAsync(Kinds.Volumes, orphan, null, default) is null, "the end of the orphan");
        Assert.False(Path.Exists(node.Image(orphan)));
        var told = await EventsAsync(orphan);
        Assert.Equal(["OrphanDeleted", "Orphaned"], told.Select(entry => entry.Reason).Order(StringComparer.Ordinal));
        Assert.All(told, entry => Assert.Contains("claim default/orphan is gone", entry.Message, StringComparison.Ordinal));
        var (first, last) = (told.Single(entry => entry.Reason == "Orphaned"), told.Single(entry => entry.Reason == "OrphanDeleted"));
        Assert.True(first.FirstTimestamp < last.FirstTimestamp);

        Assert.Contains(OrphanSweep.OrphanedSince, (await ResourceAsync(kept)).Metadata.Annotations!.Keys);
        foreach (var id in new[] { claimed, named, kept, "pvc-by-hand" }) Assert.True(Path.Exists(node.Image(id)), id);
        foreach (var id in new[] { claimed, named, "pvc-by-hand" }) Assert.DoesNotContain(OrphanSweep.OrphanedSince, (await ResourceAsync(id)).Metadata.Annotations?.Keys.ToList() ?? []);

        // One whose persistent volume is written again is none any more.
        await PersistAsync("pv-restored", kept);
        await Eventually.HoldsAsync(async () => (await ResourceAsync(kept)).Metadata.Annotations?.ContainsKey(OrphanSweep.OrphanedSince) != true, "the end of the mark");
        await RemoveAsync($"{Volumes}/pv-of-another-name");
        await RemoveAsync($"{Volumes}/pv-restored");
        await RemoveAsync($"{Claims}/claimed");
    }

    [Fact]
    public async Task Without_an_age_an_orphan_is_told_of_and_kept()
    {
        var node = await NodeAsync("a");
        var id = await ClaimAsync("dear");
        await CreateAsync(id, "dear");
        await using var careful = await ControllerHost.StartAsync(Server.Client("admin"), Quick with { Sweeps = Quick.Sweeps with { OrphanAge = null } });
        await StopControllerAsync();
        await RemoveAsync($"{Claims}/dear");

        await Eventually.HoldsAsync(async () => (await EventsAsync(id)).Exists(entry => entry.Reason == "Orphaned"), "the event");
        await Task.Delay(3000);
        Assert.True(Path.Exists(node.Image(id)));
        Assert.Contains("kubectl delete tcmuvolume", (await EventsAsync(id)).Single(entry => entry.Reason == "Orphaned").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_deleted_on_a_node_that_is_gone_is_let_go_and_the_rest_is_kept_and_told_of()
    {
        await Server.ApplyAsync("api/v1/nodes", Manifests.Parse("{apiVersion: v1, kind: Node, metadata: {name: mortal}}")[0]);
        await Server.ApplyAsync("api/v1/nodes", Manifests.Parse("{apiVersion: v1, kind: Node, metadata: {name: silent}}")[0]);
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        var id = await ClaimAsync("lost");
        await using (var node = new TestNode(Server.Client("admin"), "mortal", folder.Path, keep: true))
        await using (var silent = new TestNode(Server.Client("admin"), "silent", other.Path, keep: true))
        {
            await ReadyAsync("mortal");
            await ReadyAsync("silent");
            await CreateAsync(id, "lost", "mortal");
            await CreateAsync("pvc-dear", claim: null, "mortal");
            await CreateAsync("pvc-waiting", claim: null, "silent");
            await Client.CreateSnapshotAsync(new() { Name = "s-lost", SourceVolumeId = id });
        }

        // An agent that is silent on a node that is there: nothing but waiting helps.
        await Server.Admin.DeleteAsync(Kinds.Volumes, "pvc-waiting", null, null, default);
        await Server.Admin.DeleteAsync(Kinds.Volumes, id, null, null, default);
        await Server.Admin.DeleteAsync(Kinds.Snapshots, "s-lost", null, null, default);
        await Task.Delay(9000);
        Assert.NotNull(await Server.Admin.FindAsync(Kinds.Volumes, id, null, default));

        await RemoveAsync("api/v1/nodes/mortal");
        await Eventually.HoldsAsync(async () => await Server.Admin.FindAsync(Kinds.Volumes, id, null, default) is null, "the release");
        await Eventually.HoldsAsync(async () => await Server.Admin.FindAsync(Kinds.Snapshots, "s-lost", null, default) is null, "the release of the snapshot");
        Assert.Contains(await EventsAsync(id), entry => entry is { Type: "Warning", Reason: "Released" });
        var events = (await Server.Admin.ListAsync(Kinds.Events, null, default)).Items;
        var claim = events.Where(entry => entry.InvolvedObject is { Kind: "PersistentVolumeClaim", Name: "lost", Namespace: "default" }).ToList();
        Assert.Equal(["NodeGone", "Released"], claim.Select(entry => entry.Reason).Order(StringComparer.Ordinal));
        Assert.All(claim, entry => Assert.Equal(id["pvc-".Length..], entry.InvolvedObject.Uid));
        Assert.True(File.Exists(Path.Combine(folder.Path, "main", "volumes", id, "image")));
        await Task.Delay(1000); // More than one sweep.
        var dear = await ResourceAsync("pvc-dear");
        Assert.False(dear.IsLeaving);
        Assert.True(dear.IsHeld);
        Assert.DoesNotContain(await EventsAsync("pvc-dear"), entry => entry.Reason == "Released");
        Assert.Contains(GoneNodeSweep.GoneSince, dear.Metadata.Annotations!.Keys);
        Assert.NotNull(await Server.Admin.FindAsync(Kinds.Volumes, "pvc-waiting", null, default));

        // The node comes back: what was let go is an image without a resource, and kept.
        await Server.ApplyAsync("api/v1/nodes", Manifests.Parse("{apiVersion: v1, kind: Node, metadata: {name: mortal}}")[0]);
        await using (var back = new TestNode(Server.Client("admin"), "mortal", folder.Path, keep: true))
        {
            await Eventually.HoldsAsync(
                async () => (await Server.Admin.FindAsync(Kinds.TcmuNodes, "mortal", null, default))?.Status?.Orphans is { } orphans
                    && orphans.Order(StringComparer.Ordinal).SequenceEqual([id, "snapshots/s-lost"]), "the report");
            await Eventually.HoldsAsync(async () => (await ResourceAsync("pvc-dear")).Metadata.Annotations?.ContainsKey(GoneNodeSweep.GoneSince) != true, "the end of the mark");
            await Client.DeleteVolumeAsync(new() { VolumeId = "pvc-dear" });
        }

        // A node that is gone and has nothing is forgotten.
        await RemoveAsync("api/v1/nodes/mortal");
        await Eventually.HoldsAsync(async () => await Server.Admin.FindAsync(Kinds.TcmuNodes, "mortal", null, default) is null, "the end of the node's report");
        await RemoveAsync("api/v1/nodes/silent");
    }

    private Task CreateAsync(string id, string? claim, string? node = null)
    {
        var request = Request(id, node: node);
        if (claim is not null)
        {
            request.Parameters["csi.storage.k8s.io/pvc/name"] = claim;
            request.Parameters["csi.storage.k8s.io/pvc/namespace"] = "default";
        }

        return Client.CreateVolumeAsync(request);
    }

    /// <summary>Makes a claim.</summary>
    /// <returns>The name that the provisioner gives its volume.</returns>
    private async Task<string> ClaimAsync(string name)
    {
        await Server.ApplyAsync(Claims, Manifests.Parse(
            $$$$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: {{{{name}}}}}
            spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 16Mi}}}
            """)[0]);
        return "pvc-" + (await Server.Admin.GetAsync(Kinds.Claims, name, "default", default)).Metadata.Uid;
    }

    private Task PersistAsync(string name, string handle) => Server.ApplyAsync(Volumes, Manifests.Parse(
        $$$$"""
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: {{{{name}}}}}
        spec: {accessModes: [ReadWriteOnce], capacity: {storage: 16Mi}, csi: {driver: csi-tcmu.io, volumeHandle: {{{{handle}}}}}}
        """)[0]);

    /// <summary>Removes an object for good: no controller of the cluster runs that would take its protection away.</summary>
    private async Task RemoveAsync(string path)
    {
        await Server.SendAsync(HttpMethod.Delete, path);
        await Server.SendAsync(HttpMethod.Patch, path, """{"metadata":{"finalizers":null}}""", "application/merge-patch+json");
        await Eventually.HoldsAsync(async () => (await Server.SendAsync(HttpMethod.Get, path)).Code == System.Net.HttpStatusCode.NotFound, $"the end of {path}");
    }

    private Task AnnotateAsync(string id, string key, string value) => Server.Admin.PatchAsync(
        Kinds.Volumes, id, null, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [key] = value } } }, default);

    private async Task<List<CoreEvent>> EventsAsync(string volume) =>
        [.. (await Server.Admin.ListAsync(Kinds.Events, null, default)).Items.Where(entry => entry.InvolvedObject is { Kind: "TcmuVolume" } about && about.Name == volume && entry.Reason != "Made")];
}

using System.Net;
using Csi.V1;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>The chart on the API server: every object is accepted as it is, and the accounts may do what they need and no more.</summary>
[Collection(nameof(ApiServer))]
public sealed class PermissionTests : IAsyncLifetime
{
    private const long Mebibyte = 1L << 20;
    private readonly ApiServer _server;

    public PermissionTests(ApiServer server)
    {
        _server = server;
        Assert.SkipUnless(server.IsAvailable, Binaries.Missing);
        Assert.SkipUnless(ChartRenderer.IsAvailable, ChartRenderer.Missing);
    }

    public async ValueTask InitializeAsync()
    {
        await _server.ApplyAsync("api/v1/namespaces", Manifests.Parse($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {ChartRenderer.Namespace}}}}}")[0]);
        var objects = ChartRenderer.Render("storageClasses: [{name: permitted, parameters: {pool: main}}]");
        foreach (var item in objects.OrderBy(ChartObjects.Order)) await _server.ApplyAsync(ChartObjects.PathOf(item), item, strict: true);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Volume_lives_by_the_charts_accounts_alone()
    {
        var folder = Directory.CreateTempSubdirectory("node-").FullName;
        await using var node = new TestNode(_server.Client(ApiServer.NodeAccount), "allowed", folder);
        await using var controller = await ControllerHost.StartAsync(
            _server.Client(ApiServer.ControllerAccount), new ResourceCatalogueOptions { Sweeps = new SweepOptions { Period = TimeSpan.FromMilliseconds(500) } });
        await Eventually.HoldsAsync(
            async () => (await controller.Client.GetCapacityAsync(new())).AvailableCapacity > 0, "room: " + string.Join('\n', node.Log.Lines));

        await controller.Client.CreateVolumeAsync(new()
        {
            Name = "pvc-rbac",
            CapacityRange = new() { RequiredBytes = 16 * Mebibyte },
            VolumeCapabilities = { new VolumeCapability { Mount = new(), AccessMode = new() { Mode = Mode.SingleNodeWriter } } },
            Parameters = { ["csi.storage.k8s.io/pvc/name"] = "absent", ["csi.storage.k8s.io/pvc/namespace"] = "default" },
        });
        await controller.Client.CreateSnapshotAsync(new() { Name = "s-rbac", SourceVolumeId = "pvc-rbac" });
        await controller.Client.CreateVolumeGroupSnapshotAsync(new() { Name = "g-rbac", SourceVolumeIds = { "pvc-rbac" } });
        await controller.Client.ControllerExpandVolumeAsync(new() { VolumeId = "pvc-rbac", CapacityRange = new() { RequiredBytes = 32 * Mebibyte } });
        await Eventually.HoldsAsync(
            async () => (await _server.Admin.ListAsync(Kinds.Events, null, default)).Items.Exists(entry => entry is { Reason: "Made", InvolvedObject.Name: "pvc-rbac" }), "the event");
        await Eventually.HoldsAsync(
            async () => (await _server.Admin.ListAsync(Kinds.Events, null, default)).Items.Exists(entry => entry is { Reason: "Orphaned", InvolvedObject.Name: "pvc-rbac" }),
            "the controller's event: " + string.Join('\n', controller.Log.Lines));
        await controller.Client.DeleteSnapshotAsync(new() { SnapshotId = "s-rbac" });
        await controller.Client.DeleteVolumeGroupSnapshotAsync(new() { GroupSnapshotId = "g-rbac" });
        await controller.Client.DeleteVolumeAsync(new() { VolumeId = "pvc-rbac" });

        Assert.False(Path.Exists(node.Image("pvc-rbac")));
        Assert.DoesNotContain(node.Log.Lines.Concat(controller.Log.Lines), line => line.Contains("forbidden", StringComparison.OrdinalIgnoreCase) && !line.Contains("nodes \"allowed\"", StringComparison.Ordinal));
        await _server.Admin.DeleteAsync(Kinds.TcmuNodes, "allowed", null, null, default);
    }

    [Fact]
    public async Task Node_may_not_make_or_delete_volumes_and_nobody_reads_secrets()
    {
        using var node = _server.Client(ApiServer.NodeAccount);
        using var controller = _server.Client(ApiServer.ControllerAccount);
        var volume = new TcmuVolume { Metadata = new() { Name = "x" }, Spec = new() { Node = "a", Pool = "p", Size = new Quantity(1) } };

        await ForbiddenAsync(() => node.CreateAsync(Kinds.Volumes, volume, default));
        await ForbiddenAsync(() => node.DeleteAsync(Kinds.Volumes, "x", null, null, default));
        await ForbiddenAsync(() => node.DeleteAsync(Kinds.Snapshots, "x", null, null, default));
        await ForbiddenAsync(() => node.ListAsync(Kinds.PersistentVolumes, null, default));
        await ForbiddenAsync(() => controller.ApplyStatusAsync(Kinds.SnapshotStatus, "x", null, new TcmuSnapshotStatus(), "tests", default));
        await ForbiddenAsync(() => node.DeleteAsync(Kinds.TcmuNodes, "x", null, null, default));
        await ForbiddenAsync(() => controller.ApplyStatusAsync(Kinds.VolumeStatus, "x", null, new TcmuVolumeStatus(), "tests", default));
        await ForbiddenAsync(() => controller.CreateAsync(Kinds.TcmuNodes, new TcmuNode { Metadata = new() { Name = "x" } }, default));
        var secrets = Kinds.CsiNodes with { GroupVersion = "v1", Plural = "secrets" };
        await ForbiddenAsync(() => node.ListAsync(secrets, null, default));
        await ForbiddenAsync(() => controller.ListAsync(secrets, null, default));
    }

    private static async Task ForbiddenAsync<T>(Func<Task<T>> call) =>
        Assert.Equal(HttpStatusCode.Forbidden, (await Assert.ThrowsAsync<ApiException>(() => call())).Code);
}

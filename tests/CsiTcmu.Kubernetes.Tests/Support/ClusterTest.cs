using System.Net;
using Csi.V1;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.TestClient;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Kubernetes.Tests.Support;

/// <summary>A controller on a real API server, called as the sidecars call, and nodes that come and go with each test.</summary>
public abstract class ClusterTest : IAsyncLifetime
{
    private protected const long Mebibyte = 1L << 20;
    private protected const string Key = "csi-tcmu.io/node";
    private readonly List<IAsyncDisposable> _nodes = [];
    private ControllerHost? _controller;

    protected ClusterTest(ApiServer server)
    {
        Server = server;
        Assert.SkipUnless(server.IsAvailable, Binaries.Missing);
    }

    private protected ApiServer Server { get; }

    private protected CsiClient Client => _controller!.Client;

    /// <summary>What the controller runs with.</summary>
    private protected virtual ResourceCatalogueOptions Options => new();

    public virtual async ValueTask InitializeAsync() => _controller = await ControllerHost.StartAsync(Server.Client("admin"), Options);

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await StopControllerAsync();
        foreach (var node in _nodes) await node.DisposeAsync();
        await RemoveAllAsync(Kinds.Snapshots);
        await RemoveAllAsync(Kinds.Groups);
        await RemoveAllAsync(Kinds.Volumes);
        await RemoveAllAsync(Kinds.TcmuNodes);
    }

    private protected async Task StopControllerAsync()
    {
        if (_controller is not null) await _controller.DisposeAsync();
        _controller = null;
    }

    private async Task RemoveAllAsync<T>(ResourceKind<T> kind)
        where T : class, IResource
    {
        foreach (var item in (await Server.Admin.ListAsync(kind, null, default)).Items)
        {
            await Server.Admin.PatchAsync(kind, item.Metadata.Name, null, new() { ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["finalizers"] = null } }, default);
            await Server.Admin.DeleteAsync(kind, item.Metadata.Name, null, null, default);
        }
    }

    private protected async Task<TestNode> NodeAsync(string name, string[]? pools = null, IPEndPoint? blocks = null)
    {
        var node = new TestNode(Server.Client("admin"), name, Directory.CreateTempSubdirectory("node-").FullName, pools: pools, blocks: blocks);
        _nodes.Add(node);
        await ReadyAsync(name);
        return node;
    }

    /// <summary>Waits until the controller knows the node.</summary>
    private protected Task ReadyAsync(string name) => Eventually.HoldsAsync(
        () => TryAsync(async () => (await Client.GetCapacityAsync(new() { AccessibleTopology = Segment(name) })).AvailableCapacity > 0), $"room on node {name}", 60);

    private protected Task<bool> TryCreateAsync(string name) => TryAsync(async () =>
    {
        await Client.CreateVolumeAsync(Request(name));
        return true;
    });

    private static async Task<bool> TryAsync(Func<Task<bool>> call)
    {
        try
        {
            return await call();
        }
        catch (CallFailedException again) when (again.Code is StatusCode.Aborted or StatusCode.Unavailable)
        {
            return false;
        }
    }

    private protected Task<TcmuVolume> ResourceAsync(string name) => Server.Admin.GetAsync(Kinds.Volumes, name, null, default);

    private protected static async Task RefusesAsync<T>(Func<Task<T>> call, StatusCode code, string says)
    {
        var failure = await Assert.ThrowsAsync<CallFailedException>(() => call());
        Assert.True(code == failure.Code, $"expected {code}, got {failure.Message}");
        Assert.Contains(says, failure.Detail, StringComparison.Ordinal);
    }

    private protected static Topology Segment(string node) => new() { Segments = { [Key] = node } };

    private protected static CreateVolumeRequest Request(string name, long size = 16 * Mebibyte, string? node = null) => new()
    {
        Name = name,
        CapacityRange = new() { RequiredBytes = size },
        VolumeCapabilities = { new VolumeCapability { Mount = new(), AccessMode = new() { Mode = Mode.SingleNodeWriter } } },
        AccessibilityRequirements = node is null ? null : new() { Requisite = { Segment(node) }, Preferred = { Segment(node) } },
    };

    private protected static ControllerExpandVolumeRequest Growth(string id, long size) => new() { VolumeId = id, CapacityRange = new() { RequiredBytes = size } };

    private protected sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("node-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

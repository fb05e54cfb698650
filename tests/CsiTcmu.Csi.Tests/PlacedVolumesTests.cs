using Csi.V1;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi.Tests;

/// <summary>The controller of many nodes: what it reads of topology, and what it answers of it.</summary>
public sealed class PlacedVolumesTests : IAsyncLifetime
{
    private readonly PlacedVolumes _volumes = new();
    private Driver _driver = null!;

    public async ValueTask InitializeAsync() => _driver = await Driver.StartControllerAsync(_volumes);

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    [Fact]
    public async Task Topology_becomes_nodes_and_the_node_becomes_topology()
    {
        var request = Good.Create();
        request.AccessibilityRequirements = new()
        {
            Requisite = { Place("node-b"), Place("node-c"), new Topology { Segments = { ["topology.kubernetes.io/zone"] = "z1" } } },
            Preferred = { Place("node-c"), Place("node-b") },
        };

        var volume = (await _driver.Client.CreateVolumeAsync(request)).Volume;

        Assert.Equal(["node-b", "node-c"], _volumes.Last!.Nodes!.Requisite!);
        Assert.Equal(["node-c", "node-b"], _volumes.Last.Nodes.Preferred);
        Assert.Equal(Place("node-b"), Assert.Single(volume.AccessibleTopology));
    }

    [Fact]
    public async Task Without_requirements_any_node_will_do_and_without_a_segment_too()
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        Assert.Null(_volumes.Last!.Nodes);

        var request = Good.Create("pvc-2");
        request.AccessibilityRequirements = new() { Requisite = { new Topology() } };
        await _driver.Client.CreateVolumeAsync(request);
        Assert.Null(_volumes.Last!.Nodes!.Requisite);
    }

    [Fact]
    public async Task Place_that_is_none_of_ours_leaves_no_node()
    {
        var request = Good.Create();
        request.AccessibilityRequirements = new() { Requisite = { new Topology { Segments = { ["topology.kubernetes.io/zone"] = "z1" } } } };
        await _driver.Client.CreateVolumeAsync(request);
        Assert.Empty(_volumes.Last!.Nodes!.Requisite!);

        request.AccessibilityRequirements = new();
        await _driver.RefusesAsync(request, StatusCode.InvalidArgument, "neither requisite nor preferred");
    }

    [Fact]
    public async Task Capacity_is_asked_of_the_node()
    {
        Assert.Equal(30, (await _driver.Client.GetCapacityAsync(new())).AvailableCapacity);
        Assert.Equal(10, (await _driver.Client.GetCapacityAsync(new() { AccessibleTopology = Place("node-b") })).AvailableCapacity);
        Assert.Equal(30, (await _driver.Client.GetCapacityAsync(new() { AccessibleTopology = new() })).AvailableCapacity);
        var elsewhere = new Topology { Segments = { ["topology.kubernetes.io/zone"] = "z1" } };
        Assert.Equal(0, (await _driver.Client.GetCapacityAsync(new() { AccessibleTopology = elsewhere })).AvailableCapacity);
    }

    [Fact]
    public async Task Controller_and_node_serve_no_more_than_their_part()
    {
        await _driver.RefusesAsync(Good.Stage(), StatusCode.Unimplemented);
        await using var node = await Driver.StartNodeAsync(new MemoryVolumes());
        await node.RefusesAsync(Good.Create(), StatusCode.Unimplemented);
        Assert.Equal("node-a", (await node.Client.NodeGetInfoAsync(new())).NodeId);
    }

    private static Topology Place(string node) => new() { Segments = { ["csi-tcmu.io/node"] = node } };

    /// <summary>Volumes in memory, each on the first node that is allowed.</summary>
    private sealed class PlacedVolumes : IPlacedVolumes
    {
        private readonly MemoryVolumes _volumes = new();

        public VolumeWish? Last { get; private set; }

        public async Task<Volumes.Volume> CreateAsync(VolumeWish wish, CancellationToken cancellationToken)
        {
            Last = wish;
            var volume = await _volumes.CreateAsync(wish, cancellationToken);
            return volume with { Node = wish.Nodes is { Requisite: [var first, ..] } ? first : "node-a" };
        }

        public Task<Room> GetRoomAsync(
            string? node, IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken) =>
            Task.FromResult(node is null ? new Room(30, 30, 1) : new Room(10, 10, 1));

        public Task<Room> GetRoomAsync(
            IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken) =>
            GetRoomAsync(null, parameters, fileSystem, block, cancellationToken);

        public Task DeleteAsync(string id, CancellationToken cancellationToken) => _volumes.DeleteAsync(id, cancellationToken);

        public Task<Volumes.Volume> ExpandAsync(string id, SizeRange size, CancellationToken cancellationToken) => _volumes.ExpandAsync(id, size, cancellationToken);

        public Task<Volumes.Volume> ModifyAsync(string id, IReadOnlyDictionary<string, string> mutableParameters, CancellationToken cancellationToken) =>
            _volumes.ModifyAsync(id, mutableParameters, cancellationToken);

        public Task<Volumes.Volume> GetAsync(string id, CancellationToken cancellationToken) => _volumes.GetAsync(id, cancellationToken);

        public Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken) => _volumes.ListAsync(maximum, token, cancellationToken);
    }
}

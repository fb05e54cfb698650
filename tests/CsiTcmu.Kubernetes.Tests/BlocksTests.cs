using System.Net;
using System.Net.Sockets;
using Csi.V1;
using CsiTcmu.Csi;
using CsiTcmu.Grpc;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;
using Grpc.Core;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>Blocks of snapshots, asked of the controller and answered by the snapshot's node.</summary>
[Collection(nameof(ApiServer))]
public sealed class BlocksTests(ApiServer server) : ClusterTest(server)
{
    private const long Block = 4096;
    private readonly Certificates _certificates = new();
    private readonly TemporaryFolder _sockets = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _certificates.Dispose();
        _sockets.Dispose();
    }

    [Fact]
    public async Task Each_node_tells_the_blocks_of_its_snapshots_by_way_of_the_controller()
    {
        await using var controller = await ControllerHost.StartAsync(Server.Client("admin"), identity: Identity());
        Assert.Contains(
            (await controller.Client.GetPluginCapabilitiesAsync(new())).Capabilities,
            capability => capability.Service?.Type == PluginCapability.Types.Service.Types.Type.SnapshotMetadataService);
        var (nodes, entrances) = (new List<TestNode>(), new List<SnapshotMetadataEntrance>());
        try
        {
            foreach (var name in (string[])["a", "b"])
            {
                var port = FreePort();
                nodes.Add(await NodeAsync(name, blocks: port));
                entrances.Add(await TellAsync(nodes[^1], port, Identity()));
                await Client.CreateVolumeAsync(Request($"pvc-{name}", node: name));
                Write(nodes[^1].Image($"pvc-{name}"), name == "a" ? 1 : 2);
                await TakeAsync($"first-{name}", $"pvc-{name}");
                Write(nodes[^1].Image($"pvc-{name}"), 7);
                await TakeAsync($"second-{name}", $"pvc-{name}");
            }

            await Eventually.HoldsAsync(async () => (await controller.Client.ListSnapshotsAsync(new())).Entries.Count == 4, "the snapshots");
            Assert.Equal([1], await AllocatedAsync(controller, "first-a"));
            Assert.Equal([1, 7], await AllocatedAsync(controller, "second-a"));
            Assert.Equal([2, 7], await AllocatedAsync(controller, "second-b"));
            var message = Assert.Single(await controller.Client.GetMetadataDeltaAsync(new() { BaseSnapshotId = "first-b", TargetSnapshotId = "second-b" }));
            Assert.Equal((16 * Mebibyte, BlockMetadataType.VariableLength), (message.VolumeCapacityBytes, message.BlockMetadataType));
            Assert.Equal((7 * Block, Block), Assert.Single(message.BlockMetadata.Select(range => (range.ByteOffset, range.SizeBytes))));

            // The node's refusals come back as they are.
            await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "first-a", StartingOffset = 1L << 40 }), StatusCode.OutOfRange, "");
            await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "first-a", MaxResults = -1 }), StatusCode.InvalidArgument, "max_results");
            await RefusesAsync(() => controller.Client.GetMetadataDeltaAsync(new() { BaseSnapshotId = "first-a", TargetSnapshotId = "second-b" }), StatusCode.NotFound, "first-a");
            await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "absent" }), StatusCode.NotFound, "absent");
            await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new()), StatusCode.InvalidArgument, "snapshot_id");
        }
        finally
        {
            foreach (var entrance in entrances) await entrance.DisposeAsync();
        }
    }

    [Fact]
    public async Task Node_that_tells_none_or_cannot_be_reached_is_named()
    {
        await using var controller = await ControllerHost.StartAsync(Server.Client("admin"), identity: Identity());
        var nobody = FreePort();
        await NodeAsync("mute");
        await NodeAsync("deaf", blocks: nobody);
        foreach (var name in (string[])["mute", "deaf"])
        {
            await Client.CreateVolumeAsync(Request($"pvc-{name}", node: name));
            await TakeAsync($"s-{name}", $"pvc-{name}");
        }

        await Eventually.HoldsAsync(async () => (await controller.Client.ListSnapshotsAsync(new())).Entries.Count == 2, "the snapshots");
        await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "s-mute" }), StatusCode.FailedPrecondition, "'mute'");
        await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "s-deaf" }), StatusCode.Unavailable, $"{nobody}");

        // Without a certificate the controller has no such service.
        await RefusesAsync(() => Client.GetMetadataAllocatedAsync(new() { SnapshotId = "s-mute" }), StatusCode.Unimplemented, "");
        Assert.Equal($"{nobody}", (await Server.Admin.GetAsync(Kinds.TcmuNodes, "deaf", null, default)).Status!.BlocksEndpoint);
    }

    [Theory]
    [InlineData("another authority")]
    [InlineData("another name")]
    [InlineData("expired")]
    public async Task Certificate_that_is_not_ours_is_refused_by_either_side(string wrong)
    {
        using var others = new Certificates();
        var strange = wrong switch
        {
            "another authority" => others.Issue(SnapshotMetadataEntrance.CertificateName),
            "another name" => _certificates.Issue("elsewhere"),
            _ => _certificates.Issue(SnapshotMetadataEntrance.CertificateName, expired: true),
        };
        var port = FreePort();
        var node = await NodeAsync("a", blocks: port);
        await Client.CreateVolumeAsync(Request("pvc-1"));
        await TakeAsync("s-1", "pvc-1");

        await AskAsync(shows: Identity(), isAsked: Identity(), isAnswered: true);
        await AskAsync(shows: Identity(strange), isAsked: Identity(), isAnswered: false);
        await AskAsync(shows: Identity(), isAsked: Identity(strange), isAnswered: false);

        async Task AskAsync(TlsIdentity shows, TlsIdentity isAsked, bool isAnswered)
        {
            await using var entrance = await TellAsync(node, port, isAsked);
            await using var controller = await ControllerHost.StartAsync(Server.Client("admin"), identity: shows);
            await Eventually.HoldsAsync(async () => (await controller.Client.ListSnapshotsAsync(new())).Entries.Count == 1, "the snapshot");
            if (isAnswered) await controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "s-1" });
            else await RefusesAsync(() => controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = "s-1" }), StatusCode.Unavailable, $"{port}");
        }
    }

    [Fact]
    public async Task Who_shows_no_certificate_gets_not_a_byte()
    {
        var port = FreePort();
        var node = await NodeAsync("a", blocks: port);
        await using var entrance = await TellAsync(node, port, Identity());
        using var client = new TcpClient();
        await client.ConnectAsync(port);
        await client.GetStream().WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        var answer = new byte[256];
        var read = 0;
        try
        {
            read = await client.GetStream().ReadAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            Assert.Equal(0, read);
        }

        // A TLS alert at most.
        Assert.True(read == 0 || answer[0] == 0x15, $"{read} bytes, the first is {answer[0]}");
    }

    private static IPEndPoint FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    private static void Write(string image, int block)
    {
        using var file = new FileStream(image, FileMode.Open, FileAccess.Write);
        file.Position = block * Block;
        file.Write(Enumerable.Repeat((byte)block, (int)Block).ToArray());
        file.Flush(flushToDisk: true);
    }

    private static async Task<List<long>> AllocatedAsync(ControllerHost controller, string id) =>
        [.. (await controller.Client.GetMetadataAllocatedAsync(new() { SnapshotId = id })).SelectMany(message => message.BlockMetadata).Select(range => range.ByteOffset / Block)];

    private TlsIdentity Identity(string? folder = null) =>
        new(folder ?? _certificates.Issue(SnapshotMetadataEntrance.CertificateName), SnapshotMetadataEntrance.CertificateName);

    private Task TakeAsync(string name, string volume) => Client.CreateSnapshotAsync(new() { Name = name, SourceVolumeId = volume });

    private Task<SnapshotMetadataEntrance> TellAsync(TestNode node, IPEndPoint port, TlsIdentity identity) => SnapshotMetadataEntrance.StartAsync(
        port, identity,
        new GrpcServerOptions { Endpoint = Path.Combine(_sockets.Path, $"{Guid.NewGuid():N}.sock"), Interceptors = [new CallLog(node.Log).InterceptAsync] },
        node.Catalogue);
}

using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Kubernetes.Tests.Support;
using CsiTcmu.TestClient;
using Grpc.Core;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>Many volumes come and go, and the API server is away meanwhile: in the end nothing is left of them.</summary>
[Collection(nameof(ApiServer))]
public sealed class ChurnTests(ApiServer server) : ClusterTest(server)
{
    private const int Volumes = 500;
    private const int Lanes = 10;
    private int _done;

    [Fact]
    public async Task Five_hundred_volumes_leave_nothing_though_the_server_is_away_meanwhile()
    {
        var nodes = new[] { await NodeAsync("a"), await NodeAsync("b") };
        await using var second = await ControllerHost.StartAsync(Server.Client("admin"));

        var lanes = Enumerable.Range(0, Lanes).Select(lane => LaneAsync(lane, lane % 2 == 0 ? Client : second.Client)).ToList();
        await Eventually.HoldsAsync(() => Task.FromResult(_done > Volumes / 3), "a third of them", 300);
        await Server.StopServerAsync();
        await Task.Delay(2000);
        var before = _done;
        await Server.StartServerAsync();
        await Task.WhenAll(lanes);

        Assert.InRange(before, 1, Volumes - Lanes);
        Assert.Equal(Volumes, _done);
        Assert.Empty((await Server.Admin.ListAsync(Kinds.Volumes, null, default)).Items);
        Assert.Empty((await Server.Admin.ListAsync(Kinds.Snapshots, null, default)).Items);
        foreach (var node in nodes)
        {
            Assert.Empty((await node.Catalogue.ListAsync(0, "", default)).Volumes);
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(node.Folder, "main"), "image*", SearchOption.AllDirectories));
            Assert.Empty(Directory.EnumerateDirectories(Path.Combine(node.Folder, "main", "volumes")));
            Assert.DoesNotContain(node.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        }

        await Eventually.HoldsAsync(
            async () => (await Server.Admin.ListAsync(Kinds.TcmuNodes, null, default)).Items.TrueForAll(node => node.Status is { Volumes: 0, Orphans: null }), "nodes that tell of none");
    }

    private async Task LaneAsync(int lane, CsiClient client)
    {
        for (var i = lane; i < Volumes; i += Lanes)
        {
            var name = $"pvc-{i}";
            var volume = (await UntilAsync(() => client.CreateVolumeAsync(Request(name)))).Volume;
            if (i % 5 == 0) await UntilAsync(() => client.ControllerExpandVolumeAsync(Growth(volume.VolumeId, 32 * Mebibyte)));
            if (i % 7 == 0)
            {
                var snapshot = await UntilAsync(() => client.CreateSnapshotAsync(new() { Name = $"snapshot-{i}", SourceVolumeId = name }));
                await UntilAsync(() => client.DeleteSnapshotAsync(new() { SnapshotId = snapshot.Snapshot.SnapshotId }));
            }

            await UntilAsync(() => client.DeleteVolumeAsync(new() { VolumeId = volume.VolumeId }));
            Interlocked.Increment(ref _done);
        }
    }

    /// <summary>Asks as the sidecars do: again, while the answer is that it may be asked again.</summary>
    private static async Task<T> UntilAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (CallFailedException again) when (again.Code is StatusCode.Aborted or StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                await Task.Delay(200);
            }
        }
    }
}

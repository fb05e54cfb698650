using Csi.V1;
using CsiTcmu.Csi;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Tests.Support;
using CsiTcmu.TestClient;
using Grpc.Core;
using RpcType = Csi.V1.ControllerServiceCapability.Types.RPC.Types.Type;

namespace CsiTcmu.Kubernetes.Tests;

/// <summary>What is wrong with volumes, as the controller's calls tell it, in the words of CSI 1.12 and of 1.13.</summary>
[Collection(nameof(ApiServer))]
public sealed class HealthTests(ApiServer server) : ClusterTest(server)
{
    [Fact]
    public async Task Damage_is_told_while_it_lasts()
    {
        await using var young = await ControllerHost.StartAsync(Server.Client("admin"), specification: CsiSpecification.Csi113);
        var node = await NodeAsync("a");
        foreach (var id in (string[])["pvc-1", "pvc-2", "pvc-3"]) await Client.CreateVolumeAsync(Request(id));
        await Eventually.HoldsAsync(async () => (await young.Client.ListVolumesAsync(new())).Entries.Count == 3, "the volumes");
        Assert.Empty((await young.Client.ControllerListVolumeHealthAsync(new())).Entries);
        Assert.All((await Client.ListVolumesAsync(new())).Entries, entry => Assert.False(entry.Status.VolumeCondition.Abnormal));

        foreach (var id in (string[])["pvc-1", "pvc-3"]) Cut(node.Image(id), 1 << 20);
        await Eventually.HoldsAsync(async () => (await young.Client.ControllerListVolumeHealthAsync(new())).Entries.Count == 2, "the damage");
        await Eventually.HoldsAsync(async () => (await ConditionAsync(Client, "pvc-3")).Abnormal, "the condition");

        var listed = (await Client.ListVolumesAsync(new())).Entries;
        Assert.Equal([true, false, true], listed.Select(entry => entry.Status.VolumeCondition.Abnormal));
        Assert.StartsWith("ImageTruncated: ", listed[0].Status.VolumeCondition.Message, StringComparison.Ordinal);
        Assert.Equal(listed[0].Status.VolumeCondition, await ConditionAsync(Client));
        Assert.Equal(16 * Mebibyte, listed[0].Volume.CapacityBytes);

        var entry = Assert.Single(await EntriesAsync(young, "pvc-1"));
        Assert.Equal((VolumeHealthErrorType.DataLoss, "ImageTruncated"), (entry.Status, entry.Reason));
        Assert.Contains("truncate", entry.Message, StringComparison.Ordinal);
        Assert.Empty(await EntriesAsync(young, "pvc-2"));
        var page = await young.Client.ControllerListVolumeHealthAsync(new() { MaxEntries = 1 });
        Assert.Equal("pvc-1", Assert.Single(page.Entries).VolumeId);
        page = await young.Client.ControllerListVolumeHealthAsync(new() { MaxEntries = 1, StartingToken = page.NextToken });
        Assert.Equal(("pvc-3", ""), (Assert.Single(page.Entries).VolumeId, page.NextToken));

        foreach (var id in (string[])["pvc-1", "pvc-3"]) Cut(node.Image(id), 16 * Mebibyte);
        await Eventually.HoldsAsync(async () => (await young.Client.ControllerListVolumeHealthAsync(new())).Entries.Count == 0, "the end of the damage");
        await Eventually.HoldsAsync(async () => !(await ConditionAsync(Client)).Abnormal, "the end of the condition");
    }

    [Fact]
    public async Task Each_version_advertises_its_own_and_knows_what_is_not_there()
    {
        await using var young = await ControllerHost.StartAsync(Server.Client("admin"), specification: CsiSpecification.Csi113);
        Assert.Equal([RpcType.VolumeCondition], await HealthTypesAsync(Client));
        Assert.Equal([RpcType.GetVolumeHealth, RpcType.ListVolumeHealth], await HealthTypesAsync(young.Client));
        await RefusesAsync(() => Client.ControllerGetVolumeHealthAsync(new() { VolumeId = "pvc-1" }), StatusCode.Unimplemented, "");
        await RefusesAsync(() => young.Client.ControllerGetVolumeHealthAsync(new() { VolumeId = "pvc-1" }), StatusCode.NotFound, "'pvc-1'");
        await RefusesAsync(() => young.Client.ControllerListVolumeHealthAsync(new() { StartingToken = "x" }), StatusCode.Aborted, "token");
        await RefusesAsync(() => Client.ControllerGetVolumeAsync(new() { VolumeId = "pvc-1" }), StatusCode.NotFound, "'pvc-1'");
    }

    [Fact]
    public async Task Image_that_is_missing_and_an_agent_that_is_silent_are_told()
    {
        // Heartbeats come every second; a slow machine is given time.
        await using var nervous = await ControllerHost.StartAsync(Server.Client("admin"), new ResourceCatalogueOptions { HeartbeatPatience = TimeSpan.FromSeconds(8) });
        using var folder = new TemporaryFolder();
        await using (new TestNode(Server.Client("admin"), "a", folder.Path, keep: true))
        {
            await ReadyAsync("a");
            await Client.CreateVolumeAsync(Request("pvc-1"));
        }

        await Eventually.HoldsAsync(async () => (await ConditionAsync(nervous.Client)).Message.Contains("AgentSilent: ", StringComparison.Ordinal), "the silence", 60);

        Directory.Delete(Path.Combine(folder.Path, "main", "volumes", "pvc-1"), recursive: true);
        await using var back = new TestNode(Server.Client("admin"), "a", folder.Path, keep: true);
        await Eventually.HoldsAsync(
            async () => (await ConditionAsync(nervous.Client)).Message is var message && message.StartsWith("FailedPrecondition: the image is missing", StringComparison.Ordinal)
                && !message.Contains("AgentSilent", StringComparison.Ordinal),
            "the loss");
    }

    private static void Cut(string image, long length)
    {
        using var file = new FileStream(image, FileMode.Open, FileAccess.Write);
        file.SetLength(length);
    }

    private static async Task<IEnumerable<RpcType>> HealthTypesAsync(CsiClient client) =>
        (await client.ControllerGetCapabilitiesAsync(new())).Capabilities.Select(capability => capability.Rpc.Type)
            .Where(type => type is RpcType.VolumeCondition or RpcType.GetVolumeHealth or RpcType.ListVolumeHealth);

    private static async Task<IEnumerable<VolumeHealth.Types.VolumeHealthEntry>> EntriesAsync(ControllerHost host, string id) =>
        (await host.Client.ControllerGetVolumeHealthAsync(new() { VolumeId = id })).VolumeHealth.HealthStatuses;

    private static async Task<VolumeCondition> ConditionAsync(CsiClient client, string id = "pvc-1") => (await client.ControllerGetVolumeAsync(new() { VolumeId = id })).Status.VolumeCondition;
}

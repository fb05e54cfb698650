using Csi.V1;
using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>Each call is refused in every way that the table of codes has for one node, as a client that others wrote sees it, and nothing is changed by it.</summary>
[Trait("Kernel", "any")]
[Trait("Length", "longest")]
public sealed class CodeTests(CodeScene scene, ITestOutputHelper output) : IClassFixture<CodeScene>
{
    private static readonly string[] NeverRefused =
    [
        "Identity.GetPluginInfo", "Identity.GetPluginCapabilities", "Identity.Probe", "Controller.ControllerGetCapabilities", "GroupController.GroupControllerGetCapabilities",
        "Node.NodeGetCapabilities", "Node.NodeGetInfo",
    ];

    public static TheoryData<string> Cases => [.. CodeTable.All.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_call_ends_with_its_code_and_changes_nothing(string name)
    {
        var wanted = CodeTable.All[name];
        var before = scene.Take();
        var request = wanted.Request.ToJsonString().Replace(CodeTable.Member, scene.Member, StringComparison.Ordinal);
        var (code, text) = await (wanted.Later ? scene.Later : scene.Driver).Client.AskAsync(wanted.Method, System.Text.Json.Nodes.JsonNode.Parse(request));
        output.WriteLine($"{code}: {text}");
        Assert.Equal(wanted.Code, code);
        Assert.Matches(wanted.Says, text);
        Assert.NotEmpty(text);
        Assert.Equal(before, scene.Take());
    }

    [Fact]
    public void Every_call_is_in_the_table()
    {
        var calls = CsiReflection.Descriptor.Services.SelectMany(service => service.Methods.Select(method => $"{service.Name}.{method.Name}"));
        var tried = CodeTable.All.Values.Select(one => one.Method).Distinct(StringComparer.Ordinal).Concat(NeverRefused);
        Assert.Equal(calls.Order(StringComparer.Ordinal), tried.Order(StringComparer.Ordinal));
    }

    /// <summary>The file system is frozen, so that its growth waits.</summary>
    [Fact]
    public async Task While_a_call_is_under_way_others_on_the_volume_are_aborted()
    {
        const string aborted = "ABORTED";
        var client = scene.Driver.Client;
        var volume = await ForeignVolume.MakeAsync(client, "codes-busy", ForeignVolume.Use("ext4"), CodeScene.Size);
        var larger = new { required_bytes = 2 * CodeScene.Size };
        await client.CallAsync("Controller.ControllerExpandVolume", new { volume_id = volume.Id, capacity_range = larger });
        await using var waiting = new ForeignClient(scene.Driver.Process.SocketPath);
        await Shell.RunAsync("fsfreeze", "-f", volume.Staging);
        var growth = waiting.CallAsync("Node.NodeExpandVolume", new { volume_id = volume.Id, volume_path = volume.Target });
        var before = scene.Take();
        try
        {
            var expand = new { volume_id = volume.Id, capacity_range = larger };
            while ((await client.AskAsync("Controller.ControllerExpandVolume", expand)).Code != aborted) Assert.False(growth.IsCompleted, "the growth did not wait");
            var use = ForeignVolume.Use("ext4");
            (string Method, object Request)[] calls =
            [
                ("Controller.CreateVolume", new { name = volume.Id, volume_capabilities = new[] { use }, capacity_range = larger }),
                ("Controller.CreateVolume", new { name = "codes-busy-clone", volume_capabilities = new[] { use }, volume_content_source = volume.AsSource() }),
                ("Controller.DeleteVolume", new { volume_id = volume.Id }),
                ("Controller.ControllerModifyVolume", new { volume_id = volume.Id, mutable_parameters = new { iops = "500" } }),
                ("Controller.CreateSnapshot", new { name = "codes-busy", source_volume_id = volume.Id }),
                ("GroupController.CreateVolumeGroupSnapshot", new { name = "codes-busy", source_volume_ids = new[] { CodeScene.Raw, volume.Id } }),
                ("Node.NodeStageVolume", new { volume_id = volume.Id, staging_target_path = volume.Staging, volume_capability = use }),
                ("Node.NodeUnstageVolume", new { volume_id = volume.Id, staging_target_path = volume.Staging }),
                ("Node.NodePublishVolume", volume.PublishRequest(volume.Target + "-2")),
                ("Node.NodeUnpublishVolume", new { volume_id = volume.Id, target_path = volume.Target }),
                ("Node.NodeExpandVolume", new { volume_id = volume.Id, volume_path = volume.Target }),
            ];
            foreach (var (method, request) in calls) await client.RefusedAsync(aborted, method, request);
            Assert.Equal(before, scene.Take());
        }
        finally
        {
            await Shell.RunAsync("fsfreeze", "-u", volume.Staging);
        }

        await growth;
        await volume.RemoveAsync();
    }
}

using Csi.V1;
using CsiTcmu.Grpc;

namespace CsiTcmu.Csi.Tests;

public sealed class IdentityTests
{
    [Fact]
    public async Task Driver_tells_its_name_and_version()
    {
        await using var driver = await Driver.StartAsync(new MemoryVolumes());

        var info = await driver.Client.GetPluginInfoAsync(new());

        Assert.Equal("csi-tcmu.io", info.Name);
        Assert.Equal("1.2.3", info.VendorVersion);
    }

    [Fact]
    public async Task Driver_has_controllers_topology_and_online_growth()
    {
        await using var driver = await Driver.StartAsync(new MemoryVolumes());

        var capabilities = (await driver.Client.GetPluginCapabilitiesAsync(new())).Capabilities;

        Assert.Equal(
            [
                PluginCapability.Types.Service.Types.Type.ControllerService, PluginCapability.Types.Service.Types.Type.VolumeAccessibilityConstraints,
                PluginCapability.Types.Service.Types.Type.GroupControllerService, PluginCapability.Types.Service.Types.Type.SnapshotMetadataService,
            ],
            capabilities.Where(capability => capability.Service is not null).Select(capability => capability.Service.Type));
        Assert.Equal(
            PluginCapability.Types.VolumeExpansion.Types.Type.Online,
            Assert.Single(capabilities, capability => capability.VolumeExpansion is not null).VolumeExpansion.Type);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Probe_tells_whether_the_driver_is_ready(bool ready)
    {
        await using var driver = await Driver.StartAsync(new MemoryVolumes());
        driver.Ready = ready;

        Assert.Equal(ready, (await driver.Client.ProbeAsync(new())).Ready);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ip-10-0-0-1.eu-west-1.compute.internal")]
    [InlineData("Node_7")]
    public void Node_id_can_be_a_topology_segment(string nodeId) => CsiServices.CheckNodeId(nodeId);

    [Theory]
    [InlineData("", "1 to 63")]
    [InlineData("a/b", "letters, digits")]
    [InlineData("-a", "begin and end")]
    [InlineData("a.", "begin and end")]
    [InlineData("n\u00F6de", "letters, digits")]
    [InlineData("abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij1234", "it has 64")]
    public void Node_id_that_cannot_be_a_topology_segment_is_refused(string nodeId, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => CsiServices.CheckNodeId(nodeId)).Message, StringComparison.Ordinal);

    [Fact]
    public void Version_is_required()
    {
        var volumes = new MemoryVolumes();
        var server = new GrpcServer(new GrpcServerOptions { Endpoint = "/tmp/never-opened.sock" });
        Assert.Throws<ArgumentException>(
            () => CsiServices.Register(server, volumes, volumes, volumes, volumes, new MemoryHealth(volumes), CsiSpecification.Csi112, "", () => true));
    }
}

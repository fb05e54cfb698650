using Csi.V1;
using CsiTcmu.Volumes;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;
using RpcType = Csi.V1.NodeServiceCapability.Types.RPC.Types.Type;
using Unit = Csi.V1.VolumeUsage.Types.Unit;

namespace CsiTcmu.Csi.Tests;

public sealed class NodeTests : IAsyncLifetime
{
    private readonly MemoryVolumes _volumes = new();
    private Driver _driver = null!;

    public async ValueTask InitializeAsync()
    {
        _driver = await Driver.StartAsync(_volumes);
        await _driver.Client.CreateVolumeAsync(Good.Create());
    }

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    [Fact]
    public async Task Capabilities_are_what_is_implemented()
    {
        var capabilities = (await _driver.Client.NodeGetCapabilitiesAsync(new())).Capabilities;

        Assert.Equal(
            [RpcType.StageUnstageVolume, RpcType.GetVolumeStats, RpcType.ExpandVolume, RpcType.SingleNodeMultiWriter, RpcType.VolumeCondition],
            capabilities.Select(capability => capability.Rpc.Type));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Info_tells_node_place_and_limit(int maximum)
    {
        _volumes.MaximumVolumes = maximum;

        var info = await _driver.Client.NodeGetInfoAsync(new());

        Assert.Equal("node-a", info.NodeId);
        Assert.Equal(maximum, info.MaxVolumesPerNode);
        Assert.Equal(new Topology { Segments = { ["csi-tcmu.io/node"] = "node-a" } }, info.AccessibleTopology);
    }

    [Fact]
    public async Task Stage_passes_the_use_on()
    {
        var request = Good.Stage();
        request.VolumeCapability = Good.Mount(Mode.SingleNodeMultiWriter, "xfs", "noatime", "discard");

        await _driver.Client.NodeStageVolumeAsync(request);

        Assert.Equal(Good.Staging, _volumes.LastPath);
        Assert.Equal("xfs", _volumes.LastUse!.FileSystem);
        Assert.Equal(["noatime", "discard"], _volumes.LastUse.MountFlags);
        Assert.Equal(AccessMode.SingleNodeMultiWriter, _volumes.LastUse.AccessMode);
        Assert.False(_volumes.LastUse.Block);
    }

    [Fact]
    public async Task Block_is_passed_on()
    {
        var request = Good.Stage();
        request.VolumeCapability = Good.Block(Mode.SingleNodeSingleWriter);

        await _driver.Client.NodeStageVolumeAsync(request);

        Assert.True(_volumes.LastUse!.Block);
        Assert.Equal(AccessMode.SingleNodeSingleWriter, _volumes.LastUse.AccessMode);
    }

    [Theory]
    [InlineData("//a/./b//c/", "/a/b/c")]
    [InlineData("/a/..b/c..", "/a/..b/c..")]
    [InlineData("/a/.../ ", "/a/.../ ")]
    [InlineData("/a/./", "/a")]
    public async Task Paths_are_normalised(string given, string seen)
    {
        await _driver.Client.NodeUnstageVolumeAsync(new() { VolumeId = "vol-0000", StagingTargetPath = given });

        Assert.Equal(seen, _volumes.LastPath);
    }

    [Theory]
    [InlineData(Mode.SingleNodeWriter, false, false)]
    [InlineData(Mode.SingleNodeWriter, true, true)]
    [InlineData(Mode.SingleNodeReaderOnly, false, true)]
    [InlineData(Mode.SingleNodeReaderOnly, true, true)]
    [InlineData(Mode.MultiNodeReaderOnly, false, true)]
    public async Task Volume_is_read_only_when_the_flag_or_the_mode_says_so(Mode mode, bool flag, bool readOnly)
    {
        var stage = Good.Stage();
        stage.VolumeCapability = Good.Mount(mode);
        var publish = Good.Publish();
        publish.VolumeCapability = Good.Mount(mode);
        publish.Readonly = flag;
        await _driver.Client.NodeStageVolumeAsync(stage);

        await _driver.Client.NodePublishVolumeAsync(publish);

        Assert.Equal((Good.Staging, Good.Target, readOnly), _volumes.LastPublish);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_ephemeral_volume_is_published_without_a_stage(bool readOnly)
    {
        var publish = Good.Publish("csi-0123");
        publish.StagingTargetPath = "";
        publish.Readonly = readOnly;
        publish.VolumeContext.Add(new Dictionary<string, string> { ["csi.storage.k8s.io/ephemeral"] = "true", ["size"] = "2Gi" });
        publish.Secrets["encryptionPassphrase"] = "of the pod";

        await _driver.Client.NodePublishVolumeAsync(publish);

        Assert.Equal(["CreateAsync", "PublishEphemeralAsync"], _volumes.Calls);
        Assert.Equal(("", Good.Target, readOnly), _volumes.LastPublish);
        Assert.Equal("2Gi", _volumes.LastContext!["size"]);
        Assert.Equal("of the pod", _volumes.LastUse!.Secrets.Passphrase("a", ""));
    }

    [Fact]
    public async Task A_volume_that_is_said_not_to_be_ephemeral_needs_its_stage()
    {
        var publish = Good.Publish();
        publish.VolumeContext["csi.storage.k8s.io/ephemeral"] = "false";
        await _driver.RefusesAsync(publish, StatusCode.FailedPrecondition, "not staged");
    }

    [Fact]
    public async Task Second_publish_follows_the_table_of_the_specification()
    {
        var stage = Good.Stage();
        stage.VolumeCapability = Good.Mount(Mode.SingleNodeSingleWriter);
        var publish = Good.Publish();
        publish.VolumeCapability = Good.Mount(Mode.SingleNodeSingleWriter);
        await _driver.Client.NodeStageVolumeAsync(stage);
        await _driver.Client.NodePublishVolumeAsync(publish);

        await _driver.Client.NodePublishVolumeAsync(publish);
        var other = publish.Clone();
        other.Readonly = true;
        await _driver.RefusesAsync(other, StatusCode.AlreadyExists);
        other = publish.Clone();
        other.TargetPath += "-2";
        await _driver.RefusesAsync(other, StatusCode.FailedPrecondition);
    }

    [Fact]
    public async Task Neighbour_paths_are_not_within_each_other()
    {
        var publish = Good.Publish();
        publish.TargetPath = Good.Staging + "-2";
        await _driver.Client.NodeStageVolumeAsync(Good.Stage());

        await _driver.Client.NodePublishVolumeAsync(publish);
    }

    [Fact]
    public async Task Undoing_what_was_not_done_succeeds()
    {
        await _driver.Client.NodeUnpublishVolumeAsync(Good.Unpublish("never-was"));
        await _driver.Client.NodeUnstageVolumeAsync(Good.Unstage("never-was"));
    }

    [Fact]
    public async Task Statistics_of_a_file_system_count_bytes_and_inodes()
    {
        await _driver.Client.NodeStageVolumeAsync(Good.Stage());
        await _driver.Client.NodePublishVolumeAsync(Good.Publish());

        var usage = (await _driver.Client.NodeGetVolumeStatsAsync(Good.Stats())).Usage;

        Assert.Equal(
            [
                new VolumeUsage { Unit = Unit.Bytes, Total = Good.Gibibyte, Used = 100, Available = Good.Gibibyte - 100 },
                new VolumeUsage { Unit = Unit.Inodes, Total = 1000, Used = 11, Available = 989 },
            ],
            usage);
    }

    [Fact]
    public async Task Statistics_of_a_block_device_are_its_size()
    {
        var stage = Good.Stage();
        stage.VolumeCapability = Good.Block();
        await _driver.Client.NodeStageVolumeAsync(stage);

        var usage = (await _driver.Client.NodeGetVolumeStatsAsync(new() { VolumeId = "vol-0000", VolumePath = Good.Staging })).Usage;

        Assert.Equal(new VolumeUsage { Unit = Unit.Bytes, Total = Good.Gibibyte }, Assert.Single(usage));
    }

    [Fact]
    public async Task Volume_that_is_not_at_the_path_is_not_found()
    {
        await _driver.RefusesAsync(Good.Stats("never-was"), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.Stats(), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.NodeExpand("never-was"), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.Stage("never-was"), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.Publish("never-was"), StatusCode.NotFound);
        await _driver.RefusesAsync(Good.Publish(), StatusCode.FailedPrecondition, "not staged");
    }

    [Fact]
    public async Task Statistics_leave_out_inodes_that_a_file_system_does_not_count()
    {
        var create = Good.Create("pvc-2");
        create.VolumeCapabilities[0] = Good.Mount(fsType: "btrfs");
        await _driver.Client.CreateVolumeAsync(create);
        await _driver.Client.NodeStageVolumeAsync(Good.Stage("vol-0001"));

        var usage = (await _driver.Client.NodeGetVolumeStatsAsync(new() { VolumeId = "vol-0001", VolumePath = Good.Staging })).Usage;

        Assert.Equal(Unit.Bytes, Assert.Single(usage).Unit);
    }

    [Fact]
    public async Task Secrets_are_passed_on_and_never_shown()
    {
        var stage = Good.Stage();
        stage.Secrets["encryptionPassphrase"] = "stage-passphrase";
        await _driver.Client.NodeStageVolumeAsync(stage);
        var expand = Good.NodeExpand();
        (expand.VolumePath, expand.CapacityRange) = (Good.Staging, null);
        expand.Secrets["encryptionPassphrase"] = "expand-passphrase";
        await _driver.Client.NodeExpandVolumeAsync(expand);

        Assert.Equal("stage-passphrase", _volumes.LastUse!.Secrets.Passphrase("a", "node-stage"));
        Assert.Equal("expand-passphrase", _volumes.LastSecrets!.Passphrase("a", "node-expand"));
        Assert.DoesNotContain("passphrase", $"{_volumes.LastUse}{_volumes.LastSecrets}", StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(_driver.Log.Lines, line => line.Everything.Contains("-passphrase", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Expand_works_from_either_path_with_and_without_a_range()
    {
        await _driver.Client.ControllerExpandVolumeAsync(Good.Expand());
        await _driver.Client.NodeStageVolumeAsync(Good.Stage());
        await _driver.Client.NodePublishVolumeAsync(Good.Publish());

        Assert.Equal(2 * Good.Gibibyte, (await _driver.Client.NodeExpandVolumeAsync(Good.NodeExpand())).CapacityBytes);
        Assert.Equal(new(2 * Good.Gibibyte, 0), _volumes.LastSize);
        var request = new NodeExpandVolumeRequest { VolumeId = "vol-0000", VolumePath = Good.Staging, VolumeCapability = Good.Mount() };
        Assert.Equal(2 * Good.Gibibyte, (await _driver.Client.NodeExpandVolumeAsync(request)).CapacityBytes);
        Assert.Equal(default, _volumes.LastSize);
    }
}

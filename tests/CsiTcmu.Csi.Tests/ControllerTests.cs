using Csi.V1;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;
using RpcType = Csi.V1.ControllerServiceCapability.Types.RPC.Types.Type;

namespace CsiTcmu.Csi.Tests;

public sealed class ControllerTests : IAsyncLifetime
{
    private readonly MemoryVolumes _volumes = new();
    private Driver _driver = null!;

    public async ValueTask InitializeAsync() => _driver = await Driver.StartAsync(_volumes);

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    [Fact]
    public async Task Capabilities_are_what_is_implemented()
    {
        var capabilities = (await _driver.Client.ControllerGetCapabilitiesAsync(new())).Capabilities;

        Assert.Equal(
            [
                RpcType.CreateDeleteVolume, RpcType.ListVolumes, RpcType.GetCapacity, RpcType.ExpandVolume, RpcType.GetVolume,
                RpcType.SingleNodeMultiWriter, RpcType.ModifyVolume, RpcType.CreateDeleteSnapshot, RpcType.ListSnapshots, RpcType.GetSnapshot,
                RpcType.CloneVolume, RpcType.VolumeCondition,
            ],
            capabilities.Select(capability => capability.Rpc.Type));
    }

    [Fact]
    public async Task Created_volume_tells_its_size_its_place_and_its_context()
    {
        var volume = (await _driver.Client.CreateVolumeAsync(Good.Create())).Volume;

        Assert.Equal("vol-0000", volume.VolumeId);
        Assert.Equal(Good.Gibibyte, volume.CapacityBytes);
        Assert.Equal("node-a", Assert.Single(volume.AccessibleTopology).Segments["csi-tcmu.io/node"]);
        Assert.Equal("main", volume.VolumeContext["csi-tcmu.io/pool"]);
        Assert.Equal("60014050000000000000000000000000", volume.VolumeContext["csi-tcmu.io/wwid"]);
        Assert.Null(volume.ContentSource);
    }

    [Fact]
    public async Task Wish_is_what_was_asked_for()
    {
        var request = Good.Create();
        request.CapacityRange.LimitBytes = 2 * Good.Gibibyte;
        request.Parameters["pool"] = "main";
        request.VolumeCapabilities.Clear();
        request.VolumeCapabilities.Add([Good.Mount(Mode.SingleNodeSingleWriter), Good.Mount(Mode.SingleNodeReaderOnly, "xfs", "noatime")]);

        await _driver.Client.CreateVolumeAsync(request);

        var wish = _volumes.LastWish!;
        Assert.Equal(new(Good.Gibibyte, 2 * Good.Gibibyte), wish.Size);
        Assert.Equal("main", wish.Parameters["pool"]);
        Assert.Equal("xfs", wish.FileSystem);
        Assert.False(wish.Block);
    }

    [Fact]
    public async Task Block_volume_without_a_size_gets_the_default()
    {
        var volume = (await _driver.Client.CreateVolumeAsync(new() { Name = "raw", VolumeCapabilities = { Good.Block() } })).Volume;

        Assert.True(_volumes.LastWish!.Block);
        Assert.Equal(default, _volumes.LastWish.Size);
        Assert.Equal(MemoryVolumes.Default, volume.CapacityBytes);
    }

    [Theory]
    [InlineData(Mode.SingleNodeWriter)]
    [InlineData(Mode.SingleNodeReaderOnly)]
    [InlineData(Mode.SingleNodeSingleWriter)]
    [InlineData(Mode.SingleNodeMultiWriter)]
    public async Task Single_node_modes_are_accepted(Mode mode)
    {
        var request = Good.Create();
        request.VolumeCapabilities[0] = Good.Mount(mode);

        Assert.NotNull((await _driver.Client.CreateVolumeAsync(request)).Volume);
    }

    [Fact]
    public async Task Same_wish_is_the_same_volume_and_another_one_is_refused()
    {
        var first = await _driver.Client.CreateVolumeAsync(Good.Create());
        var second = await _driver.Client.CreateVolumeAsync(Good.Create());
        Assert.Equal(first, second);

        var larger = Good.Create();
        larger.CapacityRange.RequiredBytes *= 2;
        await _driver.RefusesAsync(larger, StatusCode.AlreadyExists, "exists with other properties");
    }

    [Fact]
    public async Task Size_that_cannot_be_is_out_of_range()
    {
        var huge = Good.Create();
        huge.CapacityRange.RequiredBytes = long.MaxValue;
        await _driver.RefusesAsync(huge, StatusCode.OutOfRange);

        await _driver.Client.CreateVolumeAsync(Good.Create());
        await _driver.RefusesAsync(
            new ControllerExpandVolumeRequest { VolumeId = "vol-0000", CapacityRange = new() { RequiredBytes = long.MaxValue } }, StatusCode.OutOfRange);
    }

    [Fact]
    public async Task Requirements_that_include_this_node_are_met()
    {
        TopologyRequirement[] fitting =
        [
            new() { Requisite = { Place("node-a") } },
            new() { Requisite = { Place("node-b"), Place("node-a") }, Preferred = { Place("node-b") } },
            new() { Requisite = { new Topology { Segments = { ["CSI-TCMU.io/Node"] = "node-a" } } } },
            new() { Preferred = { Place("node-b") } },
        ];
        foreach (var requirement in fitting)
        {
            var request = Good.Create();
            request.AccessibilityRequirements = requirement;

            Assert.Equal(Place("node-a"), Assert.Single((await _driver.Client.CreateVolumeAsync(request)).Volume.AccessibleTopology));
        }
    }

    [Fact]
    public async Task Delete_of_an_unknown_volume_succeeds_and_of_a_used_one_does_not()
    {
        await _driver.Client.DeleteVolumeAsync(Good.Delete("never-was"));
        await _driver.Client.CreateVolumeAsync(Good.Create());
        await _driver.Client.NodeStageVolumeAsync(Good.Stage());

        await _driver.RefusesAsync(Good.Delete(), StatusCode.FailedPrecondition);
        await _driver.Client.NodeUnstageVolumeAsync(Good.Unstage());
        await _driver.Client.DeleteVolumeAsync(Good.Delete());

        await _driver.RefusesAsync(Good.Get(), StatusCode.NotFound);
    }

    [Fact]
    public async Task Volumes_are_listed_page_by_page()
    {
        for (var i = 0; i < 5; i++)
            await _driver.Client.CreateVolumeAsync(Good.Create($"pvc-{i}"));

        var all = await _driver.Client.ListVolumesAsync(new());
        Assert.Empty(all.NextToken);
        Assert.Equal(["vol-0000", "vol-0001", "vol-0002", "vol-0003", "vol-0004"], all.Entries.Select(entry => entry.Volume.VolumeId));
        Assert.All(all.Entries, entry => Assert.Equal(Place("node-a"), Assert.Single(entry.Volume.AccessibleTopology)));

        var pages = new List<int>();
        var listed = new List<string>();
        var token = "";
        do
        {
            var page = await _driver.Client.ListVolumesAsync(new() { MaxEntries = 2, StartingToken = token });
            pages.Add(page.Entries.Count);
            listed.AddRange(page.Entries.Select(entry => entry.Volume.VolumeId));
            token = page.NextToken;
        }
        while (token.Length > 0);
        Assert.Equal([2, 2, 1], pages);
        Assert.Equal(all.Entries.Select(entry => entry.Volume.VolumeId), listed);

        await _driver.RefusesAsync(new ListVolumesRequest { StartingToken = "no-token" }, StatusCode.Aborted);
    }

    [Fact]
    public async Task Get_tells_the_volume_as_it_was_created()
    {
        var created = (await _driver.Client.CreateVolumeAsync(Good.Create())).Volume;

        var got = await _driver.Client.ControllerGetVolumeAsync(Good.Get());

        Assert.Equal(created, got.Volume);
        Assert.NotNull(got.Status);
        await _driver.RefusesAsync(Good.Get("never-was"), StatusCode.NotFound, "never-was");
    }

    [Fact]
    public async Task Capacity_is_the_room_of_the_pool()
    {
        var capacity = await _driver.Client.GetCapacityAsync(new()
        {
            VolumeCapabilities = { Good.Mount() },
            Parameters = { ["pool"] = "main" },
            AccessibleTopology = Place("node-a"),
        });

        Assert.Equal(5 * MemoryVolumes.Maximum, capacity.AvailableCapacity);
        Assert.Equal(MemoryVolumes.Maximum, capacity.MaximumVolumeSize);
        Assert.Equal(MemoryVolumes.Minimum, capacity.MinimumVolumeSize);
        Assert.Equal(("", false), _volumes.LastRoom);
        await _driver.Client.GetCapacityAsync(new() { VolumeCapabilities = { Good.Mount(), Good.Mount(fsType: "xfs") } });
        Assert.Equal(("xfs", false), _volumes.LastRoom);
        await _driver.Client.GetCapacityAsync(new() { VolumeCapabilities = { Good.Block() } });
        Assert.Equal(("", true), _volumes.LastRoom);
        await _driver.RefusesAsync(new GetCapacityRequest { Parameters = { ["pool"] = "other" } }, StatusCode.InvalidArgument, "other");
    }

    [Fact]
    public async Task There_is_no_room_elsewhere_or_for_what_is_not_supported()
    {
        GetCapacityRequest[] impossible =
        [
            new() { AccessibleTopology = Place("node-b") },
            new() { VolumeCapabilities = { Good.Mount(Mode.MultiNodeMultiWriter) } },
            new() { VolumeCapabilities = { Good.Mount(fsType: "ntfs") } },
        ];
        foreach (var request in impossible)
            Assert.Equal(0, (await _driver.Client.GetCapacityAsync(request)).AvailableCapacity);
        Assert.Empty(_volumes.Calls);
    }

    [Fact]
    public async Task Expand_grows_and_leaves_a_file_system_to_the_node()
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        var request = Good.Expand();
        request.CapacityRange.LimitBytes = 3 * Good.Gibibyte;

        var unsaid = await _driver.Client.ControllerExpandVolumeAsync(request);
        Assert.Equal(2 * Good.Gibibyte, unsaid.CapacityBytes);
        Assert.True(unsaid.NodeExpansionRequired);
        Assert.Equal(new(2 * Good.Gibibyte, 3 * Good.Gibibyte), _volumes.LastSize);

        request.VolumeCapability = Good.Mount();
        Assert.True((await _driver.Client.ControllerExpandVolumeAsync(request)).NodeExpansionRequired);
        request.VolumeCapability = Good.Block();
        Assert.False((await _driver.Client.ControllerExpandVolumeAsync(request)).NodeExpansionRequired);

        await _driver.Client.CreateVolumeAsync(new() { Name = "raw", VolumeCapabilities = { Good.Block() } });
        Assert.False((await _driver.Client.ControllerExpandVolumeAsync(Good.Expand("vol-0001"))).NodeExpansionRequired);

        // The mapping of an encrypted one grows where the key is.
        await _driver.Client.CreateVolumeAsync(new() { Name = "secret", VolumeCapabilities = { Good.Block() }, Parameters = { ["encrypted"] = "true" } });
        Assert.True((await _driver.Client.ControllerExpandVolumeAsync(Good.Expand("vol-0002"))).NodeExpansionRequired);

        request.CapacityRange = new() { RequiredBytes = 1 };
        Assert.Equal(2 * Good.Gibibyte, (await _driver.Client.ControllerExpandVolumeAsync(request)).CapacityBytes);
        await _driver.RefusesAsync(Good.Expand("never-was"), StatusCode.NotFound, "never-was");
    }

    [Fact]
    public async Task Capabilities_that_the_volume_has_are_confirmed()
    {
        var create = Good.Create();
        create.Parameters["pool"] = "main";
        var context = (await _driver.Client.CreateVolumeAsync(create)).Volume.VolumeContext;
        var request = new ValidateVolumeCapabilitiesRequest
        {
            VolumeId = "vol-0000",
            VolumeContext = { context },
            Parameters = { ["pool"] = "main" },
            VolumeCapabilities = { Good.Mount(Mode.SingleNodeMultiWriter, "ext4"), Good.Mount() },
        };

        var answer = await _driver.Client.ValidateVolumeCapabilitiesAsync(request);

        Assert.Equal(request.VolumeCapabilities, answer.Confirmed.VolumeCapabilities);
        Assert.Equal(request.VolumeContext, answer.Confirmed.VolumeContext);
        Assert.Equal(request.Parameters, answer.Confirmed.Parameters);
        Assert.Empty(answer.Message);
        await _driver.RefusesAsync(Good.Validate("never-was"), StatusCode.NotFound, "never-was");
    }

    public static TheoryData<string> Unconfirmed => [.. Differences.Keys];

    private static Dictionary<string, (Action<ValidateVolumeCapabilitiesRequest> Change, string Says)> Differences { get; } = new()
    {
        ["multi-node"] = (r => r.VolumeCapabilities.Add(Good.Mount(Mode.MultiNodeSingleWriter)), "MULTI_NODE_SINGLE_WRITER is not supported"),
        ["future mode"] = (r => r.VolumeCapabilities.Add(Good.Mount((Mode)42)), "access mode 42 is not known"),
        ["block and mount"] = (r => r.VolumeCapabilities.Add(Good.Block()), "both a raw block device and a mounted file system"),
        ["block"] = (r => r.VolumeCapabilities[0] = Good.Block(), "the volume was made for a file system"),
        ["unknown file system"] = (r => r.VolumeCapabilities[0].Mount.FsType = "ntfs", "\"ntfs\" is not supported"),
        ["another file system"] = (r => r.VolumeCapabilities[0].Mount.FsType = "xfs", "xfs was asked for, the volume has ext4"),
        ["mount group"] = (r => r.VolumeCapabilities[0].Mount.VolumeMountGroup = "7", "volume_mount_group is not supported"),
        ["context"] = (r => r.VolumeContext["csi-tcmu.io/pool"] = "other", "volume_context"),
        ["parameters"] = (r => r.Parameters["pool"] = "other", "parameters are not those of the volume"),
        ["mutable parameters"] = (r => r.MutableParameters["iops"] = "1", "mutable_parameters are not those of the volume"),
    };

    [Theory]
    [MemberData(nameof(Unconfirmed))]
    public async Task Capabilities_that_the_volume_lacks_are_not_confirmed(string name)
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        var request = Good.Validate();
        Differences[name].Change(request);

        var answer = await _driver.Client.ValidateVolumeCapabilitiesAsync(request);

        Assert.Null(answer.Confirmed);
        Assert.Contains(Differences[name].Says, answer.Message, StringComparison.Ordinal);
    }

    private static Topology Place(string node) => new() { Segments = { ["csi-tcmu.io/node"] = node } };
}

using Csi.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace CsiTcmu.Csi.Tests;

public sealed class RefusalTests
{
    private static readonly string[] Implemented =
    [
        "GetPluginInfo", "GetPluginCapabilities", "Probe", "CreateVolume", "DeleteVolume", "ValidateVolumeCapabilities", "ListVolumes",
        "GetCapacity", "ControllerGetCapabilities", "ControllerExpandVolume", "ControllerModifyVolume", "ControllerGetVolume", "NodeStageVolume", "NodeUnstageVolume",
        "NodePublishVolume", "NodeUnpublishVolume", "NodeGetVolumeStats", "NodeExpandVolume", "NodeGetCapabilities", "NodeGetInfo",
        "CreateSnapshot", "DeleteSnapshot", "ListSnapshots", "GetSnapshot",
        "GroupControllerGetCapabilities", "CreateVolumeGroupSnapshot", "DeleteVolumeGroupSnapshot", "GetVolumeGroupSnapshot",
        "GetMetadataAllocated", "GetMetadataDelta",
        .. OfHealth,
    ];

    // There with CSI 1.13 only.
    private static string[] OfHealth => ["ControllerGetVolumeHealth", "ControllerListVolumeHealth", "NodeGetVolumeHealth", "NodeGetStorageHealth"];

    private static IEnumerable<MethodDescriptor> Methods => CsiReflection.Descriptor.Services.SelectMany(service => service.Methods);

    public static TheoryData<string> WrongNames => [.. WrongRequests.All.Keys];

    public static TheoryData<string> NotImplemented => [.. Methods.Select(method => method.Name).Except(Implemented, StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task Wrong_request_is_refused_and_reaches_nothing(string name)
    {
        var wrong = WrongRequests.All[name];
        var volumes = new MemoryVolumes();
        var isOfHealth = OfHealth.Contains(wrong.Request.Descriptor.Name[..^"Request".Length], StringComparer.Ordinal);
        await using var driver = await Driver.StartAsync(volumes, isOfHealth ? CsiSpecification.Csi113 : CsiSpecification.Csi112);

        await driver.RefusesAsync(wrong.Request, wrong.Code, wrong.Says);

        Assert.Empty(volumes.Calls);
    }

    [Fact]
    public void Every_method_that_takes_something_has_wrong_requests()
    {
        var covered = WrongRequests.All.Values.Select(wrong => wrong.Request.Descriptor).Distinct();
        var expected = Methods.Where(method => Implemented.Contains(method.Name, StringComparer.Ordinal) && method.InputType.Fields.InFieldNumberOrder().Count > 0)
            .Select(method => method.InputType);

        Assert.Equal(expected.Select(type => type.Name).Order(), covered.Select(type => type.Name).Order());
    }

    [Theory]
    [MemberData(nameof(NotImplemented))]
    public async Task Method_that_is_not_there_says_so(string name)
    {
        await using var driver = await Driver.StartAsync(new MemoryVolumes());
        var request = (IMessage)Activator.CreateInstance(Methods.Single(method => method.Name == name).InputType.ClrType)!;

        await driver.RefusesAsync(request, StatusCode.Unimplemented, name);
    }

    [Fact]
    public async Task Good_requests_are_good()
    {
        // The wrong requests differ from these by one thing each.
        await using var driver = await Driver.StartAsync(new MemoryVolumes());
        IMessage[] life =
        [
            Good.Create(), Good.Validate(), Good.Expand(), Good.Modify(), Good.Get(), Good.Stage(), Good.Publish(), Good.Stats(), Good.NodeExpand(),
            Good.Snapshot(), Good.GetSnapshot(), new ListSnapshotsRequest(), Good.Group(), Good.GetGroup(), Good.DeleteGroup(), Good.DeleteSnapshot(),
            Good.Unpublish(), Good.Unstage(), Good.Delete(), new ListVolumesRequest(), new GetCapacityRequest(),
        ];

        foreach (var request in life)
            Assert.NotNull(await driver.CallAsync(request));
    }

    [Fact]
    public async Task Longest_fields_are_accepted()
    {
        var volumes = new MemoryVolumes();
        await using var driver = await Driver.StartAsync(volumes);
        var longest = string.Concat(Enumerable.Repeat("/" + new string('d', 127), 31)) + "/" + new string('e', 126);
        Assert.Equal(4095, longest.Length);
        var create = Good.Create(new string('n', 128));
        create.Parameters["key"] = new string('v', 4093);

        await driver.CallAsync(create);
        await driver.CallAsync(new NodeUnstageVolumeRequest { VolumeId = new string('i', 128), StagingTargetPath = longest });

        Assert.Equal(longest, volumes.LastPath);
    }

    [Theory]
    [InlineData("tab\tline\nreturn\r")]
    [InlineData("Grüße, 世界 🌍")]
    [InlineData(" ")]
    public async Task Names_are_any_text_without_control_characters(string name)
    {
        var volumes = new MemoryVolumes();
        await using var driver = await Driver.StartAsync(volumes);

        await driver.Client.CreateVolumeAsync(Good.Create(name));

        Assert.Equal(name, volumes.LastWish!.Name);
    }
}

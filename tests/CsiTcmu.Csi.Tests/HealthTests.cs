using Csi.V1;
using CsiTcmu.Volumes;
using Grpc.Core;
using ControllerType = Csi.V1.ControllerServiceCapability.Types.RPC.Types.Type;
using NodeType = Csi.V1.NodeServiceCapability.Types.RPC.Types.Type;

namespace CsiTcmu.Csi.Tests;

public sealed class HealthTests
{
    private static readonly HealthEntry Full = new(HealthStatus.Degraded, "PoolFull", "pool 'main' is full: free some space");
    private static readonly HealthEntry Cut = new(HealthStatus.DataLoss, "ImageTruncated", "the image was cut");
    private static readonly HealthEntry Gone = new(HealthStatus.Inaccessible, "DiskGone", "the disk is gone");

    private readonly MemoryVolumes _volumes = new();
    private readonly MemoryHealth _health;

    public HealthTests() => _health = new MemoryHealth(_volumes);

    [Fact]
    public async Task Each_version_advertises_its_own()
    {
        await using var old = await StartAsync(CsiSpecification.Csi112);
        await using var young = await StartAsync(CsiSpecification.Csi113);

        Assert.Equal([ControllerType.VolumeCondition], await OfControllerAsync(old));
        Assert.Equal([NodeType.VolumeCondition], await OfNodeAsync(old));
        Assert.Equal([ControllerType.GetVolumeHealth, ControllerType.ListVolumeHealth], await OfControllerAsync(young));
        Assert.Equal([NodeType.GetVolumeHealth, NodeType.GetStorageHealth], await OfNodeAsync(young));
    }

    [Fact]
    public async Task Calls_of_1_13_are_not_there_in_1_12()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi112);

        await driver.RefusesAsync(new ControllerGetVolumeHealthRequest { VolumeId = "vol-0000" }, StatusCode.Unimplemented, "ControllerGetVolumeHealth");
        await driver.RefusesAsync(new ControllerListVolumeHealthRequest(), StatusCode.Unimplemented);
        await driver.RefusesAsync(new NodeGetVolumeHealthRequest { VolumeId = "vol-0000" }, StatusCode.Unimplemented);
        await driver.RefusesAsync(new NodeGetStorageHealthRequest(), StatusCode.Unimplemented);
    }

    [Fact]
    public async Task Conditions_of_1_12_are_not_there_in_1_13()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi113, volumes: 1);
        _health.Entries["vol-0000"] = [Full];
        await driver.Client.NodeStageVolumeAsync(Good.Stage());
        await driver.Client.NodePublishVolumeAsync(Good.Publish());

        Assert.Null((await driver.Client.NodeGetVolumeStatsAsync(Good.Stats())).VolumeCondition);
        Assert.Null((await driver.Client.ControllerGetVolumeAsync(Good.Get())).Status.VolumeCondition);
        Assert.All((await driver.Client.ListVolumesAsync(new())).Entries, entry => Assert.Null(entry.Status?.VolumeCondition));
    }

    [Fact]
    public async Task Conditions_tell_what_is_wrong()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi112, volumes: 3);
        _health.Entries["vol-0001"] = [Full, Cut];
        _health.Damaged.Add("vol-0001");

        var listed = (await driver.Client.ListVolumesAsync(new())).Entries;
        Assert.Equal(["vol-0000", "vol-0001", "vol-0002"], listed.Select(entry => entry.Volume.VolumeId));
        Assert.Equal([false, true, false], listed.Select(entry => entry.Status.VolumeCondition.Abnormal));
        Assert.All(listed, entry => Assert.NotEmpty(entry.Status.VolumeCondition.Message));
        Assert.Equal([Good.Gibibyte, 0, Good.Gibibyte], listed.Select(entry => entry.Volume.CapacityBytes));
        Assert.Equal("PoolFull: pool 'main' is full: free some space; ImageTruncated: the image was cut", listed[1].Status.VolumeCondition.Message);

        Assert.Equal(listed[1].Status.VolumeCondition, (await driver.Client.ControllerGetVolumeAsync(Good.Get("vol-0001"))).Status.VolumeCondition);
        Assert.Equal(listed[0].Status.VolumeCondition, (await driver.Client.ControllerGetVolumeAsync(Good.Get())).Status.VolumeCondition);
        await driver.RefusesAsync(Good.Get("never-was"), StatusCode.NotFound, "never-was");

        var page = await driver.Client.ListVolumesAsync(new() { MaxEntries = 2 });
        Assert.Equal(2, page.Entries.Count);
        Assert.Equal(["vol-0002"], (await driver.Client.ListVolumesAsync(new() { StartingToken = page.NextToken })).Entries.Select(entry => entry.Volume.VolumeId));
    }

    [Fact]
    public async Task Statistics_carry_the_condition()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi112, volumes: 1);
        await driver.Client.NodeStageVolumeAsync(Good.Stage());
        await driver.Client.NodePublishVolumeAsync(Good.Publish());

        var sound = await driver.Client.NodeGetVolumeStatsAsync(Good.Stats());
        Assert.False(sound.VolumeCondition.Abnormal);
        Assert.Equal(2, sound.Usage.Count);
        Assert.Equal([Good.Target], _health.LastPaths);

        _health.Entries["vol-0000"] = [Full];
        var full = await driver.Client.NodeGetVolumeStatsAsync(Good.Stats());
        Assert.True(full.VolumeCondition.Abnormal);
        Assert.Contains("free some space", full.VolumeCondition.Message, StringComparison.Ordinal);
        Assert.Equal(sound.Usage, full.Usage);
    }

    [Fact]
    public async Task A_volume_whose_use_cannot_be_told_still_has_a_condition()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi112, volumes: 1);

        // At another path, a volume is not there, whatever else is wrong; without its disk it cannot be.
        _health.Entries["vol-0000"] = [Full];
        await driver.RefusesAsync(Good.Stats(), StatusCode.NotFound);
        _health.Entries["vol-0000"] = [Gone];
        var gone = await driver.Client.NodeGetVolumeStatsAsync(Good.Stats());
        Assert.Empty(gone.Usage);
        Assert.Contains("DiskGone", gone.VolumeCondition.Message, StringComparison.Ordinal);

        var asked = 0;
        _volumes.Before = _ => ++asked == 1 ? throw new VolumeException(VolumeError.Unavailable, "stuck") : Task.CompletedTask;
        Assert.True((await driver.Client.NodeGetVolumeStatsAsync(Good.Stats())).VolumeCondition.Abnormal);
        asked = 0;
        _health.Entries.Clear();
        await driver.RefusesAsync(Good.Stats(), StatusCode.Unavailable, "stuck");
    }

    [Fact]
    public async Task Health_of_volumes_is_told_entry_by_entry()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi113, volumes: 4);
        _health.Entries["vol-0001"] = [Full, Cut];
        _health.Entries["vol-0003"] = [Gone];

        var one = (await driver.Client.ControllerGetVolumeHealthAsync(new() { VolumeId = "vol-0001" })).VolumeHealth;
        Assert.Equal("vol-0001", one.VolumeId);
        Assert.Equal(
            [(VolumeHealthErrorType.Degraded, "PoolFull", Full.Message), (VolumeHealthErrorType.DataLoss, "ImageTruncated", Cut.Message)],
            one.HealthStatuses.Select(entry => (entry.Status, entry.Reason, entry.Message)));
        Assert.Empty((await driver.Client.ControllerGetVolumeHealthAsync(new() { VolumeId = "vol-0000" })).VolumeHealth.HealthStatuses);
        await driver.RefusesAsync(new ControllerGetVolumeHealthRequest { VolumeId = "never-was" }, StatusCode.NotFound, "never-was");

        var page = await driver.Client.ControllerListVolumeHealthAsync(new() { MaxEntries = 1 });
        Assert.Equal(one, Assert.Single(page.Entries));
        var rest = await driver.Client.ControllerListVolumeHealthAsync(new() { StartingToken = page.NextToken });
        Assert.Equal(VolumeHealthErrorType.Inaccessible, Assert.Single(Assert.Single(rest.Entries).HealthStatuses).Status);
        Assert.Empty(rest.NextToken);
        await driver.RefusesAsync(new ControllerListVolumeHealthRequest { StartingToken = "no-token" }, StatusCode.Aborted);

        // On the node the volume need not be staged.
        var request = new NodeGetVolumeHealthRequest { VolumeId = "vol-0003", VolumePublishPath = Good.Target + "/", StagingTargetPath = Good.Staging };
        Assert.Equal(rest.Entries[0], (await driver.Client.NodeGetVolumeHealthAsync(request)).VolumeHealth);
        Assert.Equal([Good.Target, Good.Staging], _health.LastPaths);
        await driver.Client.NodeGetVolumeHealthAsync(new() { VolumeId = "vol-0003" });
        Assert.Empty(_health.LastPaths);
        await driver.RefusesAsync(new NodeGetVolumeHealthRequest { VolumeId = "never-was" }, StatusCode.NotFound);
    }

    [Fact]
    public async Task Health_of_storage_has_each_reason_once()
    {
        await using var driver = await StartAsync(CsiSpecification.Csi113);
        Assert.Empty((await driver.Client.NodeGetStorageHealthAsync(new())).BackendHealth);

        _health.Pools.Add(new("a", new(HealthStatus.Degraded, "PoolFull", "pool 'a' is full")));
        _health.Pools.Add(new("b", new(HealthStatus.Inaccessible, "PoolUnavailable", "pool 'b' is gone")));
        _health.Pools.Add(new("c", new(HealthStatus.Degraded, "PoolFull", "pool 'c' is full")));

        Assert.Equal(
            [
                (StorageHealthErrorType.StorageDegraded, "PoolFull", "pool 'a' is full; pool 'c' is full"),
                (StorageHealthErrorType.StorageUnreachable, "PoolUnavailable", "pool 'b' is gone"),
            ],
            (await driver.Client.NodeGetStorageHealthAsync(new())).BackendHealth.Select(entry => (entry.Status, entry.Reason, entry.Message)));
    }

    private async Task<Driver> StartAsync(CsiSpecification specification, int volumes = 0)
    {
        var driver = await Driver.StartAsync(_volumes, _health, specification);
        for (var i = 0; i < volumes; i++)
            await driver.Client.CreateVolumeAsync(Good.Create($"pvc-{i}"));
        return driver;
    }

    private static async Task<IEnumerable<ControllerType>> OfControllerAsync(Driver driver) =>
        (await driver.Client.ControllerGetCapabilitiesAsync(new())).Capabilities.Select(capability => capability.Rpc.Type)
            .Intersect([ControllerType.VolumeCondition, ControllerType.GetVolumeHealth, ControllerType.ListVolumeHealth]);

    private static async Task<IEnumerable<NodeType>> OfNodeAsync(Driver driver) =>
        (await driver.Client.NodeGetCapabilitiesAsync(new())).Capabilities.Select(capability => capability.Rpc.Type)
            .Intersect([NodeType.VolumeCondition, NodeType.GetVolumeHealth, NodeType.GetStorageHealth]);
}

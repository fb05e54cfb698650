using System.Text.Json;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Something that a driver does, and the capabilities that it shows thereby.</summary>
/// <param name="Shows">The capabilities, as <see cref="CapabilityLife.AdvertisedAsync"/> names them.</param>
/// <param name="DoAsync">Does it and sees that it was done.</param>
internal sealed record CapabilityStep(string[] Shows, Func<Task> DoAsync);

/// <summary>One life of some volumes, step by step, in which all that a driver says it can do is done: by a client that others wrote, with data on the volumes.</summary>
internal sealed partial class CapabilityLife : IAsyncDisposable
{
    private const long Size = 64L << 20;
    private const string MetricsAddress = "127.0.0.1:9809";
    private readonly SpecifiedDriver _driver;
    private readonly Pattern _data = new(2);
    private readonly Pattern _later = new(1);
    private ForeignVolume _mounted = null!;
    private ForeignVolume _raw = null!;

    private CapabilityLife(SpecifiedDriver driver) => _driver = driver;

    /// <summary>The steps, in their order.</summary>
    public IReadOnlyList<CapabilityStep> Steps =>
    [
        new(["plugin CONTROLLER_SERVICE", "controller CREATE_DELETE_VOLUME", "node STAGE_UNSTAGE_VOLUME"], MakeVolumesAsync),
        new(["plugin VOLUME_ACCESSIBILITY_CONSTRAINTS"], AskForPlaceAsync),
        new(["controller LIST_VOLUMES", "controller GET_VOLUME"], ListVolumesAsync),
        new(["controller GET_CAPACITY"], AskForRoomAsync),
        new(["node GET_VOLUME_STATS"], AskForUseAsync),
        new(["plugin expansion ONLINE", "controller EXPAND_VOLUME", "node EXPAND_VOLUME"], GrowAsync),
        new(["controller MODIFY_VOLUME"], LimitAsync),
        new(["controller SINGLE_NODE_MULTI_WRITER", "node SINGLE_NODE_MULTI_WRITER"], WriteFromSeveralAsync),
        new(["controller CREATE_DELETE_SNAPSHOT", "controller LIST_SNAPSHOTS", "controller GET_SNAPSHOT"], SnapshotAsync),
        new(["controller CLONE_VOLUME"], CloneAsync),
        new(["plugin GROUP_CONTROLLER_SERVICE", "group CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"], GroupAsync),
        new(["plugin SNAPSHOT_METADATA_SERVICE"], AskForBlocksAsync),
        .. _driver.Specification == "1.12" ? Health112 : Health113,
        new([], RemoveVolumesAsync),
    ];

    private CapabilityStep[] Health112 => [new(["controller VOLUME_CONDITION", "node VOLUME_CONDITION"], LoseImageAsync)];

    private CapabilityStep[] Health113 =>
    [
        new(["controller GET_VOLUME_HEALTH", "controller LIST_VOLUME_HEALTH", "node GET_VOLUME_HEALTH"], LoseImageAsync),
        new(["node GET_STORAGE_HEALTH"], LosePoolAsync),
    ];

    private ForeignClient Client => _driver.Client;

    /// <summary>Starts a driver for that version of CSI.</summary>
    public static async Task<CapabilityLife> BeginAsync(string specification) =>
        new(await SpecifiedDriver.StartAsync(specification, ("CSI_TCMU_METRICS_ENDPOINT", MetricsAddress)));

    /// <summary>All capabilities that the driver tells of, each with the service that it is one of.</summary>
    public async Task<IReadOnlyList<string>> AdvertisedAsync() =>
    [
        .. from capability in (await Client.CallAsync("Identity.GetPluginCapabilities")).List("capabilities")
           select capability.TryGetProperty("service", out _) ? "plugin " + capability.Text("service", "type") : "plugin expansion " + capability.Text("volume_expansion", "type"),
        .. await AdvertisedByAsync("controller", "Controller.ControllerGetCapabilities"),
        .. await AdvertisedByAsync("group", "GroupController.GroupControllerGetCapabilities"),
        .. await AdvertisedByAsync("node", "Node.NodeGetCapabilities"),
    ];

    /// <summary>Ends the driver.</summary>
    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _data.Dispose();
        _later.Dispose();
    }

    private async Task<IEnumerable<string>> AdvertisedByAsync(string service, string method) =>
        (await Client.CallAsync(method)).List("capabilities").Select(capability => $"{service} {capability.Text("rpc", "type")}");

    private async Task MakeVolumesAsync()
    {
        Assert.True((await Client.CallAsync("Identity.Probe")).Flag("ready", "value"));
        _mounted = await ForeignVolume.MakeAsync(Client, "life", ForeignVolume.Use("ext4"), Size);
        Assert.Equal("", await _data.WriteAsync(_mounted.Target + "/data", 0));
        await _mounted.UnpublishAsync();
        await _mounted.UnstageAsync();
        Assert.False(Directory.Exists(_mounted.Target));
        await _mounted.StageAsync();
        await _mounted.PublishAsync();
        await HasDataAsync(_mounted);

        _raw = await ForeignVolume.MakeAsync(Client, "life-raw", ForeignVolume.Use(""), Size);
        Assert.Equal("", await _data.WriteAsync(_raw.Target, 0));
        Assert.Equal("", await _data.CompareAsync(_raw.Target, 0));
    }

    private async Task AskForPlaceAsync()
    {
        var here = (await Client.CallAsync("Node.NodeGetInfo")).GetProperty("accessible_topology");
        var volume = (await Client.CallAsync("Controller.ControllerGetVolume", new { volume_id = _mounted.Id })).GetProperty("volume");
        Assert.Equal(here.GetRawText(), Assert.Single(volume.List("accessible_topology")).GetRawText());
        var request = new { name = _mounted.Id, volume_capabilities = new[] { ForeignVolume.Use("ext4") }, accessibility_requirements = new { requisite = new[] { here } } };
        Assert.Equal(_mounted.Id, (await Client.CallAsync("Controller.CreateVolume", request)).Text("volume", "volume_id"));
        var elsewhere = new { requisite = new[] { new { segments = new Dictionary<string, string> { ["csi-tcmu.io/node"] = "another" } } } };
        await Client.RefusedAsync(
            "RESOURCE_EXHAUSTED", "Controller.CreateVolume", new { name = "elsewhere", volume_capabilities = new[] { ForeignVolume.Use("ext4") }, accessibility_requirements = elsewhere });
    }

    private async Task ListVolumesAsync()
    {
        var first = await Client.CallAsync("Controller.ListVolumes", new { max_entries = 1 });
        var second = await Client.CallAsync("Controller.ListVolumes", new { max_entries = 1, starting_token = first.Text("next_token") });
        Assert.Equal("", second.Text("next_token"));
        string[] listed = [Assert.Single(first.List("entries")).Text("volume", "volume_id"), Assert.Single(second.List("entries")).Text("volume", "volume_id")];
        Assert.Equal([_mounted.Id, _raw.Id], listed);
        Assert.Equal(Size, (await Client.CallAsync("Controller.ControllerGetVolume", new { volume_id = _raw.Id })).Number("volume", "capacity_bytes"));
    }

    private async Task AskForRoomAsync()
    {
        const long around = 8 << 20; // What the pool's file system takes for itself.
        var before = await RoomAsync();
        var volume = await ForeignVolume.CreateAsync(Client, "life-room", ForeignVolume.Use(""), Size);
        Assert.InRange(before - await RoomAsync(), Size - around, Size + around);
        await volume.DeleteAsync();
        Assert.InRange(before - await RoomAsync(), -around, around);
    }

    private async Task<long> RoomAsync() => (await Client.CallAsync("Controller.GetCapacity")).Number("available_capacity");

    private async Task AskForUseAsync()
    {
        var before = await UseAsync();
        Assert.Equal("", await _later.WriteAsync(_mounted.Target + "/more", 0));
        await Shell.RunAsync("sync", "-f", _mounted.Target);
        var after = await UseAsync();
        Assert.InRange(after["BYTES"].Number("used") - before["BYTES"].Number("used"), _later.Bytes.Length, _later.Bytes.Length * 9 / 8);
        Assert.Equal(1, after["INODES"].Number("used") - before["INODES"].Number("used"));
        var raw = Assert.Single((await Client.CallAsync("Node.NodeGetVolumeStats", new { volume_id = _raw.Id, volume_path = _raw.Target })).List("usage"));
        Assert.Equal(Size, raw.Number("total"));
    }

    private async Task<IReadOnlyDictionary<string, JsonElement>> UseAsync() =>
        (await Client.CallAsync("Node.NodeGetVolumeStats", new { volume_id = _mounted.Id, volume_path = _mounted.Target })).List("usage").ToDictionary(usage => usage.Text("unit"), StringComparer.Ordinal);

    private async Task GrowAsync()
    {
        const long larger = Size * 3 / 2;
        foreach (var volume in new[] { _mounted, _raw })
        {
            var capacity_range = new { required_bytes = larger };
            var grown = await Client.CallAsync("Controller.ControllerExpandVolume", new { volume_id = volume.Id, capacity_range });
            Assert.Equal(larger, grown.Number("capacity_bytes"));
            Assert.Equal(volume == _mounted, grown.Flag("node_expansion_required"));
            await Client.CallAsync("Node.NodeExpandVolume", new { volume_id = volume.Id, volume_path = volume.Target, staging_target_path = volume.Staging, capacity_range });
        }

        Assert.InRange((await UseAsync())["BYTES"].Number("total"), Size, larger);
        Assert.Equal(larger, long.Parse(await Shell.RunAsync("blockdev", "--getsize64", _raw.Target)));
        await HasDataAsync(_mounted);
        Assert.Equal("", await _later.WriteAsync(_raw.Target, (int)(larger >> 20) - 1));
        Assert.Equal("", await _data.CompareAsync(_raw.Target, 0));
    }

    /// <summary>Commands wait for the limit that was set while the volume is in use, and no longer once it is lifted.</summary>
    private async Task LimitAsync()
    {
        await Client.CallAsync("Controller.ControllerModifyVolume", new { volume_id = _raw.Id, mutable_parameters = new { readIops = "10" } });
        await ReadAsync();
        var waited = await ThrottledAsync();
        Assert.InRange(waited, 1, long.MaxValue);
        await Client.CallAsync("Controller.ControllerModifyVolume", new { volume_id = _raw.Id, mutable_parameters = new { readIops = "none" } });
        await ReadAsync();
        Assert.Equal(waited, await ThrottledAsync());
        Assert.Equal("", await _data.CompareAsync(_raw.Target, 0));

        Task<string> ReadAsync() => Shell.RunAsync("dd", $"if={_raw.Target}", "of=/dev/null", "bs=4k", "count=20", "iflag=direct", "status=none");
    }

    private async Task<long> ThrottledAsync()
    {
        using var http = new HttpClient();
        var line = (await http.GetStringAsync($"http://{MetricsAddress}/metrics")).Split('\n').Single(line => line.StartsWith($"csi_tcmu_volume_throttled_total{{volume=\"{_raw.Id}\"}}", StringComparison.Ordinal));
        return long.Parse(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
    }

    private async Task WriteFromSeveralAsync()
    {
        var shared = await ForeignVolume.MakeAsync(Client, "life-shared", ForeignVolume.Use("ext4", "SINGLE_NODE_MULTI_WRITER"), Size);
        var second = shared.Target + "-2";
        await shared.PublishAsync(second);
        await File.WriteAllTextAsync(shared.Target + "/one", "one");
        await File.WriteAllTextAsync(second + "/two", "two");
        Assert.Equal("two", await File.ReadAllTextAsync(shared.Target + "/two"));
        Assert.Equal("one", await File.ReadAllTextAsync(second + "/one"));
        await shared.UnpublishAsync(second);
        await shared.RemoveAsync();

        // Who asks to be the only one is.
        var alone = await ForeignVolume.MakeAsync(Client, "life-alone", ForeignVolume.Use("", "SINGLE_NODE_SINGLE_WRITER"), Size);
        await Client.RefusedAsync("FAILED_PRECONDITION", "Node.NodePublishVolume", alone.PublishRequest(alone.Target + "-2"));
        await alone.RemoveAsync();
    }

    private async Task RemoveVolumesAsync()
    {
        await HasDataAsync(_mounted);
        await _mounted.RemoveAsync();
        await _raw.RemoveAsync();
        Assert.Empty((await Client.CallAsync("Controller.ListVolumes")).List("entries"));
        Assert.Empty((await Client.CallAsync("Controller.ListSnapshots")).List("entries"));
    }

    private async Task HasDataAsync(ForeignVolume volume) => Assert.Equal("", await _data.CompareAsync(volume.Target + "/data", 0));
}

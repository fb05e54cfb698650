using Csi.V1;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Node;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Csi.Tests;

/// <summary>Mutable parameters over the real catalogue, as CreateVolume and ControllerModifyVolume take them.</summary>
public sealed class ModifyTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("csi-pools-").FullName;
    private readonly NoDisks _disks = new();
    private VolumeCatalogue _catalogue = null!;
    private Driver _driver = null!;

    public async ValueTask InitializeAsync()
    {
        _catalogue = VolumeCatalogue.Open([new PoolSpecification("main", _directory, 0)], _disks, NullLogger.Instance);
        _driver = await Driver.StartAsync(
            _catalogue, new NodeVolumes("node-a", _catalogue, _disks, NullLogger.Instance), new NodeHealth(_catalogue, _disks));
    }

    public async ValueTask DisposeAsync()
    {
        await _driver.DisposeAsync();
        _catalogue.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Limits_are_given_changed_and_confirmed()
    {
        var create = Good.Create();
        create.Parameters.Add(new Dictionary<string, string> { ["iops"] = "100", ["bandwidth"] = "20M" });
        create.MutableParameters["iops"] = "200";
        await _driver.Client.CreateVolumeAsync(create);
        await _driver.Client.CreateVolumeAsync(create);
        await ConfirmedAsync(("iops", "200"));

        var modify = new ControllerModifyVolumeRequest { VolumeId = "pvc-1", MutableParameters = { ["iops"] = "2000", ["burstSeconds"] = "3" } };
        await _driver.CallAsync(modify);
        await _driver.CallAsync(modify);
        await ConfirmedAsync(("iops", "2000"), ("burstSeconds", "3"));
        var limits = _disks.Limited["pvc-1"].Limits;
        Assert.Equal((2000, 20_000_000, 3), (limits.Operations, limits.Bandwidth, limits.BurstSeconds));
    }

    [Theory]
    [InlineData("iops", "0", "'iops' is 0")]
    [InlineData("iops", "-5", "'iops' is '-5'")]
    [InlineData("writeBandwidth", "fast", "'writeBandwidth' is 'fast'")]
    [InlineData("pool", "main", "'pool' cannot be changed")]
    [InlineData("colour", "blue", "'colour' cannot be changed")]
    public async Task Wrong_parameter_is_named_and_changes_nothing(string key, string value, string says)
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());

        await _driver.RefusesAsync(
            new ControllerModifyVolumeRequest { VolumeId = "pvc-1", MutableParameters = { ["readIops"] = "500", [key] = value } },
            StatusCode.InvalidArgument,
            says);
        var create = Good.Create("pvc-2");
        create.MutableParameters[key] = value;
        await _driver.RefusesAsync(create, StatusCode.InvalidArgument, says);

        Assert.Empty(_disks.Limited);
        await ConfirmedAsync();
        Assert.Single((await _driver.Client.ListVolumesAsync(new())).Entries);
    }

    [Theory]
    [InlineData("never-was")]
    [InlineData("../pvc-1")]
    public async Task Volume_that_is_not_there_is_not_found(string id) =>
        await _driver.RefusesAsync(Good.Modify(id), StatusCode.NotFound);

    [Fact]
    public async Task Name_that_is_taken_with_other_limits_is_refused()
    {
        var create = Good.Create();
        create.MutableParameters["iops"] = "200";
        await _driver.Client.CreateVolumeAsync(create);

        create.MutableParameters["iops"] = "300";
        await _driver.RefusesAsync(create, StatusCode.AlreadyExists, "other limits");
    }

    /// <summary>The volume's mutable parameters are exactly these.</summary>
    private async Task ConfirmedAsync(params (string Key, string Value)[] parameters)
    {
        var request = Good.Validate("pvc-1");
        foreach (var (key, value) in parameters) request.MutableParameters[key] = value;
        var answer = await _driver.Client.ValidateVolumeCapabilitiesAsync(request);
        Assert.NotNull(answer.Confirmed);
        Assert.Equal(request.MutableParameters, answer.Confirmed.MutableParameters);
        Assert.Equal(parameters.ToDictionary(), (await _catalogue.GetAsync("pvc-1", CancellationToken.None)).MutableParameters);
    }
}

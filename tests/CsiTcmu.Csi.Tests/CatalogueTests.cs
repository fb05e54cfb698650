using Csi.V1;
using CsiTcmu.TestClient;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Node;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Csi.Tests;

/// <summary>The services over the real catalogue, in a folder of their own.</summary>
public sealed class CatalogueTests : IAsyncLifetime
{
    private const long Mebibyte = 1L << 20;
    private readonly string _directory = Directory.CreateTempSubdirectory("csi-pools-").FullName;
    private readonly NoDisks _disks = new();
    private VolumeCatalogue _catalogue = null!;
    private Driver _driver = null!;

    public ValueTask InitializeAsync() => OpenAsync(reserve: 0);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Volume_lives_and_leaves_nothing()
    {
        var before = Tree();

        var created = (await _driver.Client.CreateVolumeAsync(Good.Create())).Volume;
        Assert.Equal("pvc-1", created.VolumeId);
        Assert.Equal(Good.Gibibyte, created.CapacityBytes);
        Assert.Equal("main", created.VolumeContext["csi-tcmu.io/pool"]);
        Assert.Matches("^6[0-9a-f]{31}$", created.VolumeContext["csi-tcmu.io/wwid"]);
        Assert.NotEqual(before, Tree());

        Assert.Equal(created, (await _driver.Client.CreateVolumeAsync(Good.Create())).Volume);
        Assert.Equal(created, (await _driver.Client.ControllerGetVolumeAsync(Good.Get("pvc-1"))).Volume);
        Assert.Equal(created, Assert.Single((await _driver.Client.ListVolumesAsync(new())).Entries).Volume);
        var validate = Good.Validate("pvc-1");
        validate.VolumeContext.Add(created.VolumeContext);
        Assert.NotNull((await _driver.Client.ValidateVolumeCapabilitiesAsync(validate)).Confirmed);

        var expanded = await _driver.Client.ControllerExpandVolumeAsync(Good.Expand("pvc-1"));
        Assert.Equal(2 * Good.Gibibyte, expanded.CapacityBytes);
        Assert.True(expanded.NodeExpansionRequired);
        var grown = (await _driver.Client.ControllerGetVolumeAsync(Good.Get("pvc-1"))).Volume;
        Assert.Equal(2 * Good.Gibibyte, grown.CapacityBytes);
        Assert.Equal(created.VolumeContext, grown.VolumeContext);

        await _driver.Client.DeleteVolumeAsync(Good.Delete("pvc-1"));
        await _driver.Client.DeleteVolumeAsync(Good.Delete("pvc-1"));
        Assert.Equal(before, Tree());
    }

    [Fact]
    public async Task Volume_outlives_the_process()
    {
        var created = (await _driver.Client.CreateVolumeAsync(Good.Create())).Volume;
        await CloseAsync();
        await OpenAsync(reserve: 0);

        Assert.Equal(created, (await _driver.Client.CreateVolumeAsync(Good.Create())).Volume);
    }

    [Fact]
    public async Task Name_that_is_taken_by_another_wish_is_refused()
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        Action<CreateVolumeRequest>[] changes =
        [
            r => r.CapacityRange = new() { RequiredBytes = 2 * Good.Gibibyte },
            r => r.CapacityRange = new() { LimitBytes = Good.Gibibyte / 2 },
            r => r.VolumeCapabilities[0] = Good.Block(),
            r => r.VolumeCapabilities[0] = Good.Mount(fsType: "xfs"),
            r => r.Parameters["logicalBlockSize"] = "4096",
            r => r.Parameters["mkfsOptions"] = "-m 0",
        ];
        var before = Tree();

        foreach (var change in changes)
        {
            var request = Good.Create();
            change(request);
            await _driver.RefusesAsync(request, StatusCode.AlreadyExists, "pvc-1");
        }

        Assert.Equal(before, Tree());
    }

    [Theory]
    [InlineData("../pvc-1")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("/etc/passwd")]
    [InlineData("PVC-1")]
    [InlineData("pvc-1 ")]
    [InlineData("pvc-1\n")]
    [InlineData("%2e%2e")]
    [InlineData("\u202Epvc-1")]
    public async Task Id_that_we_never_gave_names_nothing(string id)
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        var before = Tree();

        IMessage[] asking = [Good.Get(id), Good.Validate(id), Good.Expand(id), Good.Stage(id), Good.Publish(id), Good.Stats(id), Good.NodeExpand(id)];
        foreach (var request in asking)
            await _driver.RefusesAsync(request, StatusCode.NotFound);
        IMessage[] undoing = [Good.Delete(id), Good.Unpublish(id), Good.Unstage(id)];
        foreach (var request in undoing)
            await _driver.CallAsync(request);

        Assert.Equal(before, Tree());
    }

    [Theory]
    [InlineData("../../escape")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("Grüße, 世界 🌍")]
    [InlineData("tab\tline\n")]
    [InlineData("-rf")]
    public async Task Strange_name_is_a_volume_in_the_pool(string name)
    {
        var volume = (await _driver.Client.CreateVolumeAsync(Good.Create(name))).Volume;

        Assert.Matches("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", volume.VolumeId);
        Assert.Equal(volume, (await _driver.Client.CreateVolumeAsync(Good.Create(name))).Volume);
        Assert.Equal(["main"], Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName));
        await _driver.Client.DeleteVolumeAsync(Good.Delete(volume.VolumeId));
        Assert.Empty((await _driver.Client.ListVolumesAsync(new())).Entries);
    }

    [Theory]
    [InlineData(long.MaxValue, 0, StatusCode.OutOfRange)]
    [InlineData(0, 1, StatusCode.OutOfRange)]
    [InlineData(Good.Gibibyte + 1, Good.Gibibyte + 2, StatusCode.OutOfRange)]
    [InlineData(-1, 0, StatusCode.OutOfRange)]
    [InlineData(0, 0, StatusCode.InvalidArgument)]
    public async Task Size_that_cannot_be_is_refused(long required, long limit, StatusCode code)
    {
        var before = Tree();
        var request = Good.Create();
        request.CapacityRange = new() { RequiredBytes = required, LimitBytes = limit };

        await _driver.RefusesAsync(request, code);

        Assert.Equal(before, Tree());
    }

    [Theory]
    [InlineData(1, 0, 16 * Mebibyte)]
    [InlineData(Good.Gibibyte + 1, 0, Good.Gibibyte + Mebibyte)]
    [InlineData(0, 100 * Mebibyte + 5, 100 * Mebibyte)]
    public async Task Size_is_within_the_range(long required, long limit, long size)
    {
        var request = Good.Create();
        request.CapacityRange = new() { RequiredBytes = required, LimitBytes = limit };

        Assert.Equal(size, (await _driver.Client.CreateVolumeAsync(request)).Volume.CapacityBytes);
    }

    [Theory]
    [InlineData("colour", "blue", "'colour' is not known")]
    [InlineData("pool", "other", "'other'")]
    [InlineData("pool", "../main", "'../main'")]
    [InlineData("logicalBlockSize", "1024", "512 or 4096")]
    [InlineData("csi.storage.k8s.io/fstype", "ntfs", "'ntfs'")]
    [InlineData("mkfsOptions", "-F; reboot", "mkfs")]
    public async Task Wrong_parameter_is_named(string key, string value, string says)
    {
        var before = Tree();
        var request = Good.Create();
        request.Parameters[key] = value;

        await _driver.RefusesAsync(request, StatusCode.InvalidArgument, says);
        await _driver.RefusesAsync(new GetCapacityRequest { Parameters = { [key] = value } }, StatusCode.InvalidArgument, says);

        Assert.Equal(before, Tree());
    }

    [Fact]
    public async Task Capacity_can_be_used_to_the_last()
    {
        var capacity = await _driver.Client.GetCapacityAsync(new() { AccessibleTopology = new() { Segments = { ["csi-tcmu.io/node"] = "node-a" } } });

        Assert.True(capacity.MaximumVolumeSize > 0, "the file system of the temporary folder is full");
        Assert.True(capacity.MaximumVolumeSize <= capacity.AvailableCapacity);
        Assert.Equal(16 * Mebibyte, capacity.MinimumVolumeSize);
    }

    [Fact]
    public async Task Pool_without_room_is_exhausted()
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        await CloseAsync();
        await OpenAsync(reserve: 1L << 50);
        var before = Tree();

        Assert.Equal(0, (await _driver.Client.GetCapacityAsync(new())).AvailableCapacity);
        await _driver.RefusesAsync(Good.Create("pvc-2"), StatusCode.ResourceExhausted);
        await _driver.RefusesAsync(Good.Expand("pvc-1"), StatusCode.ResourceExhausted);
        await _driver.CallAsync(Good.Create());

        Assert.Equal(before, Tree());
    }

    [Fact]
    public async Task Volumes_are_listed_page_by_page_while_they_come_and_go()
    {
        await Task.WhenAll(Enumerable.Range(0, 25).Select(i => _driver.Client.CreateVolumeAsync(Small($"pvc-{i:d2}"))));

        var listed = new List<string>();
        var token = "";
        do
        {
            var page = await _driver.Client.ListVolumesAsync(new() { MaxEntries = 7, StartingToken = token });
            Assert.InRange(page.Entries.Count, 1, 7);
            listed.AddRange(page.Entries.Select(entry => entry.Volume.VolumeId));

            // The volume that the token names may go meanwhile.
            await _driver.Client.DeleteVolumeAsync(Good.Delete(listed[^1]));
            token = page.NextToken;
        }
        while (token.Length > 0);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"pvc-{i:d2}"), listed);
        Assert.Equal(21, (await _driver.Client.ListVolumesAsync(new())).Entries.Count);
        foreach (var wrong in new[] { "../x", "a", new string('a', 300), "no\0token" })
            await _driver.RefusesAsync(new ListVolumesRequest { StartingToken = wrong }, StatusCode.Aborted);
    }

    [Fact]
    public async Task Many_creations_of_one_name_make_one_volume()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                return (await _driver.Client.CreateVolumeAsync(Small("pvc-1"))).Volume.VolumeId;
            }
            catch (CallFailedException failure) when (failure.Code == StatusCode.Aborted)
            {
                return "aborted";
            }
        }));

        Assert.Contains("pvc-1", answers);
        Assert.All(answers, answer => Assert.True(answer is "pvc-1" or "aborted", answer));
        Assert.Single((await _driver.Client.ListVolumesAsync(new())).Entries);
    }

    [Fact]
    public async Task Volume_in_use_is_not_deleted()
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        _disks.Attached.Add("pvc-1");
        var before = Tree();

        await _driver.RefusesAsync(Good.Delete("pvc-1"), StatusCode.FailedPrecondition, "unstage");

        Assert.Equal(before, Tree());
    }

    [Fact]
    public async Task What_is_not_on_the_node_is_told_apart()
    {
        await _driver.Client.CreateVolumeAsync(Good.Create());
        var staging = Directory.CreateDirectory(Path.Combine(_directory, "main", "..", "staging")).FullName;
        var publish = Good.Publish("pvc-1");
        (publish.StagingTargetPath, publish.TargetPath) = (staging, staging + "-target");

        await _driver.RefusesAsync(publish, StatusCode.FailedPrecondition, "not staged");
        Assert.False(Path.Exists(publish.TargetPath));
        await _driver.RefusesAsync(new NodeGetVolumeStatsRequest { VolumeId = "pvc-1", VolumePath = staging }, StatusCode.NotFound);
        await _driver.RefusesAsync(new NodeExpandVolumeRequest { VolumeId = "pvc-1", VolumePath = staging }, StatusCode.NotFound);
        await _driver.CallAsync(new NodeUnstageVolumeRequest { VolumeId = "pvc-1", StagingTargetPath = staging });
        await _driver.CallAsync(new NodeUnpublishVolumeRequest { VolumeId = "pvc-1", TargetPath = publish.TargetPath });
    }

    private static CreateVolumeRequest Small(string name)
    {
        var request = Good.Create(name);
        request.CapacityRange.RequiredBytes = 16 * Mebibyte;
        return request;
    }

    private async ValueTask OpenAsync(long reserve)
    {
        var path = Directory.CreateDirectory(Path.Combine(_directory, "main")).FullName;
        _catalogue = VolumeCatalogue.Open([new PoolSpecification("main", path, reserve)], _disks, NullLogger.Instance);
        _driver = await Driver.StartAsync(
            _catalogue, new NodeVolumes("node-a", _catalogue, _disks, NullLogger.Instance), new NodeHealth(_catalogue, _disks));
    }

    private async Task CloseAsync()
    {
        await _driver.DisposeAsync();
        _catalogue.Dispose();
    }

    /// <summary>Everything in the folder: names, sizes, times.</summary>
    private string[] Tree() =>
    [
        .. new DirectoryInfo(_directory).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(entry => entry is FileInfo file ? $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}" : entry.FullName)
            .Order(StringComparer.Ordinal),
    ];
}

using CsiTcmu.DataPlane;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>Limits from parameters to the disk.</summary>
public sealed class ModifyTests : CatalogueTest
{
    public static TheoryData<string, bool> Points => new()
    {
        { FaultPoints.ModifyDescriptor, false }, { FaultPoints.ModifyDescriptor, true }, { FaultPoints.ModifyDisk, false }, { FaultPoints.ModifyDisk, true },
    };

    [Fact]
    public async Task The_disk_has_the_limits_of_the_parameters()
    {
        await CreateAsync(Of("a", parameters:
        [
            ("iops", "1000"), ("readIops", "900"), ("writeIops", "800"), ("bandwidth", "20M"), ("readBandwidth", "16Mi"), ("writeBandwidth", "1000000"),
            ("burstSeconds", "30"),
        ]));
        var limits = new DiskLimits
        {
            Operations = 1000,
            ReadOperations = 900,
            WriteOperations = 800,
            Bandwidth = 20_000_000,
            ReadBandwidth = 16 << 20,
            WriteBandwidth = 1_000_000,
            BurstSeconds = 30,
        };
        Assert.Equal(limits, Catalogue.Require("a").ToDisk().Limits);
        Restart();
        Assert.Equal(limits, Catalogue.Require("a").ToDisk().Limits);
    }

    [Fact]
    public async Task A_volume_without_limits_has_none_and_its_descriptor_says_nothing_of_them()
    {
        await CreateAsync(Of("a"));
        Assert.Equal(DiskLimits.None, Catalogue.Require("a").ToDisk().Limits);
        Assert.DoesNotContain("mutable", await File.ReadAllTextAsync(Volumes + "/a/volume.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_given_later_is_told_to_the_disk_and_what_is_not_given_stays()
    {
        await CreateAsync(Of("a", parameters: [("iops", "500"), ("bandwidth", "20M")]) with { MutableParameters = Values(("iops", "600")) });
        Assert.Equal(600, Catalogue.Require("a").Limits.Operations);
        await ModifyAsync(("iops", "2000"));
        await ModifyAsync(("readIops", "70"));
        await ModifyAsync(("bandwidth", "none"));
        var limits = new DiskLimits { Operations = 2000, ReadOperations = 70 };
        Assert.Equal(limits, Disks.Limits[^1]);
        Restart();
        Assert.Equal(limits, Catalogue.Require("a").ToDisk().Limits);
        Assert.Equal(Values(("iops", "2000"), ("readIops", "70"), ("bandwidth", "none")), (await GetAsync("a")).MutableParameters);
    }

    [Fact]
    public async Task A_repetition_changes_nothing_and_tells_the_disk()
    {
        await CreateAsync(Of("a"));
        await ModifyAsync(("iops", "50"));
        var written = File.GetLastWriteTimeUtc(Volumes + "/a/volume.json");
        await ModifyAsync(("iops", "50"));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Volumes + "/a/volume.json"));
        Assert.Equal(2, Disks.Limits.Count);
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_modification_that_ended_half_way_is_completed_by_its_repetition(string point, bool restart)
    {
        await CreateAsync(Of("a"));
        Assert.True(await Crash.AtAsync(point, () => ModifyAsync(("iops", "50"))));
        if (restart) Restart();
        Assert.Equal(50, Catalogue.Require("a").ToDisk().Limits.Operations);
        await ModifyAsync(("iops", "50"));
        Assert.Equal(50, Disks.Limits[^1].Operations);
    }

    [Theory]
    [InlineData("iops", "", "'iops'")]
    [InlineData("iops", "0", "'iops' is 0")]
    [InlineData("iops", "9", "'iops' is 9")]
    [InlineData("readIops", "-1", "'readIops' is '-1'")]
    [InlineData("writeIops", "1.5", "'writeIops' is '1.5'")]
    [InlineData("writeIops", "1k", "'writeIops' is '1k'")]
    [InlineData("iops", "99999999999999999999", "'iops'")]
    [InlineData("bandwidth", "0", "'bandwidth' is 0")]
    [InlineData("bandwidth", "999999", "'bandwidth' is 999999")]
    [InlineData("readBandwidth", "-20M", "'readBandwidth' is '-20M'")]
    [InlineData("writeBandwidth", "20MB", "'writeBandwidth' is '20MB'")]
    [InlineData("burstSeconds", "-1", "'burstSeconds' is '-1'")]
    [InlineData("burstSeconds", "3601", "'burstSeconds' is '3601'")]
    [InlineData("burstSeconds", "none", "'burstSeconds' is 'none'")]
    [InlineData("IOPS", "500", "'IOPS'")]
    [InlineData("logicalBlockSize", "1024", "'logicalBlockSize'")]
    public async Task A_limit_that_cannot_be_is_refused_by_name(string key, string value, string names)
    {
        await CreateAsync(Of("a"));
        var before = await File.ReadAllTextAsync(Volumes + "/a/volume.json");
        Assert.Contains(names, (await FailsAsync(VolumeError.InvalidArgument, () => ModifyAsync(("iops", "500"), (key, value)))).Message, StringComparison.Ordinal);
        Assert.Contains(names, (await FailsAsync(VolumeError.InvalidArgument, () => CreateAsync(Of("b", parameters: [(key, value)])))).Message, StringComparison.Ordinal);

        // One that is overridden is refused as well.
        if (key != "iops")
            await FailsAsync(VolumeError.InvalidArgument, () => CreateAsync(Of("b", parameters: [(key, value)]) with { MutableParameters = Values((key, "500")) }));
        Assert.Equal(before, await File.ReadAllTextAsync(Volumes + "/a/volume.json"));
        Assert.Empty(Disks.Limits);
        Assert.Equal([Volumes + "/a"], Directory.EnumerateFileSystemEntries(Volumes));
    }

    [Fact]
    public async Task A_volume_that_is_not_there_is_not_found() =>
        await FailsAsync(VolumeError.NotFound, () => ModifyAsync(("iops", "500")));

    [Fact]
    public async Task A_descriptor_with_limits_that_cannot_be_is_damaged()
    {
        await CreateAsync(Of("a") with { MutableParameters = Values(("iops", "500")) });
        var path = Volumes + "/a/volume.json";
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("\"500\"", "\"5\"", StringComparison.Ordinal));
        Assert.Contains("'iops' is 5", (await FailsAsync(VolumeError.FailedPrecondition, () => GetAsync("a"))).Message, StringComparison.Ordinal);
    }

    private Task<Volume> ModifyAsync(params (string Key, string Value)[] values) => Catalogue.ModifyAsync("a", Values(values), CancellationToken.None);

    private static Dictionary<string, string> Values(params (string Key, string Value)[] values)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in values) map[key] = value;
        return map;
    }
}

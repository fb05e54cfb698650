using CsiTcmu.DataPlane;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class PoolHealthTests : CatalogueTest
{
    private readonly Lazy<NodeHealth> _health;

    public PoolHealthTests()
        : base(128 * Mebibyte, ",overcommitRatio=3") => _health = new(() => new NodeHealth(Catalogue, Disks));

    private NodeHealth Health => _health.Value;

    [Fact]
    public async Task A_pool_tells_before_it_is_full_and_is_well_again_once_space_is_freed()
    {
        await CreateAsync(Of("a", 100 * Mebibyte));
        await CreateAsync(Of("b", 100 * Mebibyte));
        Assert.Empty(await ReasonsAsync());

        // Up to 90 % nothing is said, though more is promised than is there.
        await FillAsync(110 * Mebibyte);
        Assert.Empty(await ReasonsAsync());

        await FillAsync(120 * Mebibyte);
        Assert.Equal([HealthReasons.PoolNearlyFull], await ReasonsAsync());
        var nearly = Assert.Single(await Health.GetPoolsAsync(CancellationToken.None));
        Assert.Equal("test", nearly.Pool);
        Assert.Equal(HealthStatus.Degraded, nearly.Entry.Status);
        Assert.Contains("before writes fail", nearly.Entry.Message, StringComparison.Ordinal);
        Assert.Contains(Pool, nearly.Entry.Message, StringComparison.Ordinal);

        // Now only what is there is promised.
        var room = await RoomAsync();
        Assert.Equal(new Room(0, 0, 16 * Mebibyte), room);
        await FailsAsync(VolumeError.Exhausted, () => CreateAsync(Of("c", 16 * Mebibyte)));

        await FillAsync(null);
        Assert.Equal([HealthReasons.PoolFull], await ReasonsAsync());
        Assert.Equal([HealthReasons.PoolFull], (await Health.GetPoolsAsync(CancellationToken.None)).Select(pool => pool.Entry.Reason));

        // What exists is left alone and can be looked at, and deletion, which frees space, goes on.
        Assert.Equal(100 * Mebibyte, (await GetAsync("a")).Size);
        await DeleteAsync("b");
        File.Delete(Pool + "/other");
        Assert.Empty(await ReasonsAsync());
        await CreateAsync(Of("c", 16 * Mebibyte));
    }

    [Fact]
    public async Task A_change_that_a_full_pool_cannot_take_changes_nothing_and_is_made_once_it_can()
    {
        await CreateAsync(Of("a", 100 * Mebibyte));
        await FillAsync(null);
        var before = State();
        var limits = new Dictionary<string, string> { ["iops"] = "500" };
        var failure = await FailsAsync(VolumeError.Exhausted, () => Catalogue.ModifyAsync("a", limits, CancellationToken.None));
        Assert.Contains("'test' is full", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, State());
        Assert.Empty((await GetAsync("a")).MutableParameters);

        File.Delete(Pool + "/other");
        await Catalogue.ModifyAsync("a", limits, CancellationToken.None);
        Assert.Equal("500", (await GetAsync("a")).MutableParameters["iops"]);
    }

    [Fact]
    public async Task A_full_pool_whose_promises_are_all_written_harms_nobody()
    {
        await CreateAsync(Of("a", 64 * Mebibyte));
        using (var image = File.OpenWrite(Volumes + "/a/image")) image.Write(new byte[64 * Mebibyte]);
        await FillAsync(null);
        Assert.Empty(await ReasonsAsync());
        Assert.Empty(await Health.GetPoolsAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_read_only_pool_is_told()
    {
        await CreateAsync(Of("a", 64 * Mebibyte));
        Mount.Remount("ro");
        Assert.Equal([HealthReasons.PoolReadOnly], await ReasonsAsync());
        Mount.Remount("rw");
        Assert.Empty(await ReasonsAsync());
    }

    [Fact]
    public async Task A_pool_that_is_gone_is_told_and_hides_no_other()
    {
        using var other = new TestMount(64 * Mebibyte);
        using var catalogue = Open("other=" + other.Make("pool"));
        var health = new NodeHealth(catalogue, Disks);
        await catalogue.CreateAsync(Of("a", 64 * Mebibyte, parameters: ("pool", "test")), CancellationToken.None);
        await catalogue.CreateAsync(Of("b", 16 * Mebibyte, parameters: ("pool", "other")), CancellationToken.None);
        File.Delete(other.Folder + "/pool/volumes/b/image");
        Directory.Move(Pool, Pool + "-away");
        try
        {
            var entry = Assert.Single((await health.GetAsync("a", [], CancellationToken.None)).Entries);
            Assert.Equal((HealthStatus.Inaccessible, HealthReasons.PoolUnavailable), (entry.Status, entry.Reason));
            Assert.Contains(Pool, entry.Message, StringComparison.Ordinal);
            var pool = Assert.Single(await health.GetPoolsAsync(CancellationToken.None));
            Assert.Equal(("test", HealthStatus.Inaccessible, HealthReasons.PoolUnavailable), (pool.Pool, pool.Entry.Status, pool.Entry.Reason));

            // A list of troubles has those of the other pool; a list of volumes would be one that lacks some.
            Assert.Equal(["b"], (await health.ListAsync(0, "", abnormalOnly: true, CancellationToken.None)).Volumes.Select(volume => volume.Id));
            await FailsAsync(VolumeError.Unavailable, () => health.ListAsync(0, "", abnormalOnly: false, CancellationToken.None));
        }
        finally
        {
            Directory.Move(Pool + "-away", Pool);
        }

        Assert.Empty((await health.GetAsync("a", [], CancellationToken.None)).Entries);
    }

    [Theory]
    [InlineData("image missing", HealthStatus.DataLoss, HealthReasons.ImageMissing)]
    [InlineData("image cut", HealthStatus.DataLoss, HealthReasons.ImageTruncated)]
    [InlineData("image folder", HealthStatus.DataLoss, HealthReasons.ImageMissing)]
    [InlineData("descriptor cut", HealthStatus.Inaccessible, HealthReasons.DescriptorDamaged)]
    [InlineData("descriptor missing", HealthStatus.Inaccessible, HealthReasons.DescriptorDamaged)]
    public async Task A_damaged_volume_is_told_with_the_file_and_listed(string damage, HealthStatus status, string reason)
    {
        await CreateAsync(Of("a", 64 * Mebibyte));
        await CreateAsync(Of("b", 16 * Mebibyte));
        var file = Volumes + (damage.StartsWith("image", StringComparison.Ordinal) ? "/a/image" : "/a/volume.json");
        if (damage.EndsWith("cut", StringComparison.Ordinal))
        {
            using var cut = File.OpenWrite(file);
            cut.SetLength(cut.Length - 1);
        }
        else
        {
            File.Delete(file);
            if (damage.EndsWith("folder", StringComparison.Ordinal)) Directory.CreateDirectory(file);
        }

        var entry = Assert.Single((await Health.GetAsync("a", [], CancellationToken.None)).Entries);
        Assert.Equal((status, reason), (entry.Status, entry.Reason));
        Assert.Contains(file, entry.Message, StringComparison.Ordinal);
        var all = await Health.ListAsync(0, "", abnormalOnly: false, CancellationToken.None);
        Assert.Equal(["a", "b"], all.Volumes.Select(volume => volume.Id));
        Assert.Equal([reason], all.Volumes[0].Entries.Select(listed => listed.Reason));
        Assert.Equal(damage.StartsWith("image", StringComparison.Ordinal), all.Volumes[0].Volume is not null);
        Assert.Equal("a", Assert.Single((await Health.ListAsync(0, "", abnormalOnly: true, CancellationToken.None)).Volumes).Id);
    }

    [Fact]
    public async Task Pages_are_of_what_was_asked_for()
    {
        foreach (var id in new[] { "a", "b", "c", "d", "e" }) await CreateAsync(Of(id, 16 * Mebibyte));
        foreach (var id in new[] { "b", "c", "e" }) File.Delete($"{Volumes}/{id}/image");

        Assert.Equal(["a b", "c d", "e"], await PagesAsync(abnormalOnly: false));
        Assert.Equal(["b c", "e"], await PagesAsync(abnormalOnly: true));
        await FailsAsync(VolumeError.Aborted, () => Health.ListAsync(0, "../x", true, CancellationToken.None));
        await FailsAsync(VolumeError.InvalidArgument, () => Health.ListAsync(-1, "", true, CancellationToken.None));
        await FailsAsync(VolumeError.NotFound, () => Health.GetAsync("never-was", [], CancellationToken.None));
        await FailsAsync(VolumeError.NotFound, () => Health.GetAsync("../a", [], CancellationToken.None));
    }

    public static TheoryData<string> Failures => [.. ToldFailures.Keys];

    private static Dictionary<string, (DiskFailures Failures, string Reason)> ToldFailures { get; } = new()
    {
        ["nothing"] = (default, ""),
        ["a read, just now"] = (Reads(1, TimeSpan.Zero, false), HealthReasons.ReadErrors),
        ["a read, long ago, and nothing since"] = (Reads(1, TimeSpan.FromDays(1), false), HealthReasons.ReadErrors),
        ["reads, and good ones since"] = (Reads(7, TimeSpan.FromMinutes(9), true), HealthReasons.ReadErrors),
        ["reads, long ago, and good ones since"] = (Reads(7, TimeSpan.FromMinutes(11), true), ""),
        ["a write, just now"] = (new(default, new(2, TimeSpan.Zero, false), default), HealthReasons.WriteErrors),
        ["no space, just now"] = (Space(TimeSpan.Zero), HealthReasons.SpaceExhausted),
        ["no space, a while ago, and there is some now"] = (Space(TimeSpan.FromSeconds(11)), ""),
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failures_of_the_image_are_told_as_long_as_they_matter(string name)
    {
        await CreateAsync(Of("a", 16 * Mebibyte));
        Disks.Present.Add("a");
        Disks.Services["a"] = new DiskService(null, ToldFailures[name].Failures);
        Assert.Equal(ToldFailures[name].Reason, string.Join(' ', await ReasonsAsync()));
    }

    [Fact]
    public async Task Writes_that_failed_for_space_are_told_while_there_is_little()
    {
        await CreateAsync(Of("a", 100 * Mebibyte));
        Disks.Present.Add("a");
        Disks.Services["a"] = new DiskService(null, Space(TimeSpan.FromHours(1)));
        Assert.Empty(await ReasonsAsync());
        await FillAsync(120 * Mebibyte);
        Assert.Equal([HealthReasons.PoolNearlyFull, HealthReasons.SpaceExhausted], await ReasonsAsync());
    }

    [Fact]
    public async Task A_disk_without_service_and_a_service_without_disk_are_told()
    {
        await CreateAsync(Of("a", 16 * Mebibyte));
        Disks.Present.Add("a");
        Assert.Equal([HealthReasons.DiskNotServed], await ReasonsAsync());
        Disks.Services["a"] = new DiskService("the ring is broken", default);
        var fault = Assert.Single((await Health.GetAsync("a", [], CancellationToken.None)).Entries);
        Assert.Equal((HealthStatus.Inaccessible, HealthReasons.DiskNotServed), (fault.Status, fault.Reason));
        Assert.Contains("the ring is broken", fault.Message, StringComparison.Ordinal);
        Disks.Services["a"] = new DiskService(null, default);
        Assert.Empty(await ReasonsAsync());
        Disks.Present.Clear();
        Assert.Equal([HealthReasons.DiskGone], await ReasonsAsync());
        Disks.Services.Clear();
        Assert.Empty(await ReasonsAsync());
    }

    private static DiskFailures Reads(long count, TimeSpan age, bool isPast) => new(new(count, age, isPast), default, default);

    private static DiskFailures Space(TimeSpan age) => new(default, default, new(3, age, false));

    private async Task<IEnumerable<string>> ReasonsAsync() => (await Health.GetAsync("a", [], CancellationToken.None)).Entries.Select(entry => entry.Reason);

    private async Task<List<string>> PagesAsync(bool abnormalOnly)
    {
        var pages = new List<string>();
        var token = "";
        do
        {
            var page = await Health.ListAsync(2, token, abnormalOnly, CancellationToken.None);
            pages.Add(string.Join(' ', page.Volumes.Select(volume => volume.Id)));
            token = page.NextToken;
        }
        while (token.Length > 0);
        return pages;
    }

    /// <summary>Another program's file of that size; null for one that takes all there is.</summary>
    private async Task FillAsync(long? size)
    {
        await using var file = new FileStream(Pool + "/other", FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        var chunk = new byte[size is null ? 4096 : Mebibyte];
        try
        {
            while (size is null || file.Position < size) await file.WriteAsync(chunk);
        }
        catch (IOException) when (size is null)
        {
            Assert.True(file.Length > 0);
        }
    }
}

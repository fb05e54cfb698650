using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class CreateTests : CatalogueTest
{
    [Fact]
    public async Task A_volume_is_a_sparse_image_and_a_descriptor()
    {
        var volume = await CreateAsync(Of("pvc-1", (64 * Mebibyte) - 5, parameters: [("logicalBlockSize", "4096"), ("csi.storage.k8s.io/pvc/name", "claim")]));
        Assert.Equal(("pvc-1", "pvc-1", "test", 64 * Mebibyte, 4096, "ext4"), (volume.Id, volume.Name, volume.Pool, volume.Size, volume.BlockSize, volume.FileSystem));
        Assert.Equal("claim", volume.Parameters["csi.storage.k8s.io/pvc/name"]);
        Assert.True(WorldWideNames.IsDisk(volume.Wwid));
        Assert.Equal(64 * Mebibyte, new FileInfo($"{Volumes}/pvc-1/image").Length);
        Assert.Equal(["image", "volume.json"], Directory.EnumerateFileSystemEntries(Volumes + "/pvc-1").Select(Path.GetFileName).Order());

        Restart();
        Assert.Equivalent(volume, await GetAsync("pvc-1"), strict: true);
    }

    [Fact]
    public async Task The_same_wish_is_the_same_volume()
    {
        var volume = await CreateAsync(Of("pvc-1", 64 * Mebibyte, 128 * Mebibyte));
        Assert.Equal(volume.Wwid, (await CreateAsync(Of("pvc-1", 64 * Mebibyte, 128 * Mebibyte))).Wwid);
        Assert.Equal(volume.Wwid, (await CreateAsync(Of("pvc-1", 0))).Wwid);
        Assert.Equal(volume.Wwid, (await CreateAsync(Of("pvc-1", 1, parameters: [("pool", "test"), ("logicalBlockSize", "512"), ("csi.storage.k8s.io/fstype", "ext4")]))).Wwid);
        Assert.Equal(volume.Wwid, (await CreateAsync(Of("pvc-1", fileSystem: "ext4", parameters: [("csi.storage.k8s.io/pvc/name", "other")]))).Wwid);
        Assert.Single(Directory.EnumerateDirectories(Volumes));
    }

    [Fact]
    public async Task Another_wish_of_that_name_is_refused_and_changes_nothing()
    {
        await CreateAsync(Of("pvc-1"));
        var before = State();
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", 128 * Mebibyte)));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", 1, 32 * Mebibyte)));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", block: true)));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", fileSystem: "xfs")));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", parameters: [("logicalBlockSize", "4096")])));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", parameters: [("mkfsOptions", "-m 1")])));
        Assert.Equal(before, State());
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(5, 4)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(0, 1)]
    public async Task A_size_that_cannot_be_is_out_of_range_and_changes_nothing(long required, long limit)
    {
        await GetRoomAsync();
        var before = State();
        await FailsAsync(VolumeError.OutOfRange, () => CreateAsync(Of("pvc-1", required, limit)));
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task Nothing_said_is_the_default_or_the_least()
    {
        Assert.Equal(16 * Mebibyte, (await CreateAsync(Of("small", 1))).Size);
        Assert.Equal(300 * Mebibyte, (await CreateAsync(Of("small-xfs", 1, fileSystem: "xfs"))).Size);
        await FailsAsync(VolumeError.OutOfRange, () => CreateAsync(Of("tiny-xfs", 1, 100 * Mebibyte, fileSystem: "xfs")));
        Mount.Remount("size=4g");
        Assert.Equal(Gibibyte, (await CreateAsync(Of("default", 0))).Size);
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    [InlineData(".lock")]
    [InlineData(".creating-x")]
    public async Task A_hostile_name_becomes_a_harmless_id(string name)
    {
        var volume = await CreateAsync(Of(name));
        Assert.Matches("^v-[0-9a-f]{40}$", volume.Id);
        Assert.Equal(name, volume.Name);
        Assert.Equal(volume.Id, (await CreateAsync(Of(name))).Id);
        Assert.Equal([Volumes + "/" + volume.Id], Directory.EnumerateDirectories(Volumes));
    }

    [Fact]
    public async Task An_id_that_another_name_has_is_refused()
    {
        var hashed = await CreateAsync(Of("Some Name"));
        var failure = await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of(hashed.Id)));
        Assert.Contains("another name", failure.Message);
    }

    [Fact]
    public async Task An_unknown_pool_is_refused_with_the_known_ones() =>
        Assert.Contains("test", (await FailsAsync(VolumeError.InvalidArgument, () => CreateAsync(Of("a", parameters: [("pool", "other")])))).Message);

    [Fact]
    public async Task Ten_at_once_of_one_name_make_one_volume_and_the_rest_is_told_to_come_again()
    {
        using var pause = new Pause(FaultPoints.CreateImage);
        var first = CreateAsync(Of("pvc-1"));
        pause.WaitUntilReached();
        for (var i = 0; i < 10; i++) Assert.Contains("pvc-1", (await FailsAsync(VolumeError.Aborted, () => CreateAsync(Of("pvc-1")))).Message);
        await FailsAsync(VolumeError.Aborted, () => DeleteAsync("pvc-1"));
        await FailsAsync(VolumeError.Aborted, () => ExpandAsync("pvc-1", Gibibyte));
        await CreateAsync(Of("pvc-2"));
        pause.GoOn();
        await first;
        Assert.Equal((await first).Wwid, (await CreateAsync(Of("pvc-1"))).Wwid);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_so_and_the_work_goes_on()
    {
        using var pause = new Pause(FaultPoints.CreateFolder);
        using var patience = new CancellationTokenSource();
        var call = Catalogue.CreateAsync(Of("pvc-1"), patience.Token);
        pause.WaitUntilReached();
        await patience.CancelAsync();
        await FailsAsync(VolumeError.Aborted, () => call);
        pause.GoOn();
        await Catalogue.Operations.CloseAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("pvc-1", (await GetAsync("pvc-1")).Id);
        await FailsAsync(VolumeError.Unavailable, () => CreateAsync(Of("pvc-2")));
    }

    private Task GetRoomAsync() => AvailableAsync();
}

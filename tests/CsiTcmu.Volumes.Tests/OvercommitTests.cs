using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class OvercommitTests : CatalogueTest
{
    // Folders and descriptors take some room of their own, and so does the ratio's part of it.
    private const long Slack = 6 * Mebibyte;

    public OvercommitTests()
        : base(1L << 30, ",reserve=24Mi,overcommitRatio=2.5")
    {
    }

    [Fact]
    public async Task More_is_promised_than_is_there_up_to_the_ratio()
    {
        Near(2500 * Mebibyte, await AvailableAsync());
        await CreateAsync(Of("a", 1500 * Mebibyte));
        Near(1000 * Mebibyte, await AvailableAsync());
        await FailsAsync(VolumeError.Exhausted, () => CreateAsync(Of("b", 1001 * Mebibyte)));
        await CreateAsync(Of("b", 900 * Mebibyte));
        await FailsAsync(VolumeError.Exhausted, () => ExpandAsync("a", 1700 * Mebibyte));
        await ExpandAsync("a", 1550 * Mebibyte);
        Near(50 * Mebibyte, await AvailableAsync());

        // A larger ratio at the next start lets both grow; a smaller one takes nothing away.
        Specification = $"test={Pool},overcommitRatio=1";
        Restart();
        Assert.Equal(0, await AvailableAsync());
        Assert.Equal(["a", "b"], (await Catalogue.ListAsync(0, "", CancellationToken.None)).Volumes.Select(volume => volume.Id));
        Assert.Equal(1550 * Mebibyte, (await ExpandAsync("a", 1550 * Mebibyte)).Size);
    }

    [Fact]
    public async Task What_others_write_counts_as_often_as_the_ratio_says()
    {
        await CreateAsync(Of("a", 1000 * Mebibyte));
        await File.WriteAllBytesAsync(Pool + "/other", new byte[200 * Mebibyte]);
        Near(1000 * Mebibyte, await AvailableAsync());
    }

    [Fact]
    public async Task Room_depends_on_what_is_asked_for()
    {
        Assert.Equal(16 * Mebibyte, (await RoomAsync()).MinimumVolumeSize);
        Assert.Equal(300 * Mebibyte, (await RoomAsync("xfs")).MinimumVolumeSize);
        Assert.Equal(300 * Mebibyte, (await RoomAsync(parameters: ("csi.storage.k8s.io/fstype", "xfs"))).MinimumVolumeSize);
        Assert.Equal(16 * Mebibyte, (await RoomAsync(block: true)).MinimumVolumeSize);
        await FailsAsync(VolumeError.InvalidArgument, () => RoomAsync("ext4", parameters: ("csi.storage.k8s.io/fstype", "xfs")));

        // Less than the smallest volume is no room.
        await CreateAsync(Of("a", 2300 * Mebibyte));
        Assert.InRange((await RoomAsync()).MaximumVolumeSize, 190 * Mebibyte, 200 * Mebibyte);
        Assert.Equal(new Room(0, 0, 300 * Mebibyte), await RoomAsync("xfs"));
    }

    [Fact]
    public async Task A_read_only_pool_is_passed_over()
    {
        using var other = new TestMount(64 * Mebibyte);
        using var catalogue = Open("small=" + other.Make("pool"));
        Mount.Remount("ro");
        try
        {
            Assert.InRange((await RoomAsync(catalogue)).MaximumVolumeSize, 60 * Mebibyte, 64 * Mebibyte);
            Assert.Equal("small", (await catalogue.CreateAsync(Of("a", 20 * Mebibyte), CancellationToken.None)).Pool);
            var failure = await FailsAsync(VolumeError.Unavailable, () => catalogue.CreateAsync(Of("b", parameters: ("pool", "test")), CancellationToken.None));
            Assert.Contains("read-only", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Mount.Remount("rw");
        }
    }

    private static void Near(long expected, long actual) => Assert.InRange(actual, expected - Slack, expected);
}

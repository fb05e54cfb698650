using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class RoomTests : CatalogueTest
{
    public RoomTests()
        : base(1L << 30, ",reserve=100Mi")
    {
    }

    // Folders and descriptors take some room of their own.
    private const long Slack = 2 * Mebibyte;

    [Fact]
    public async Task What_is_promised_is_gone_whether_it_is_allocated_or_not()
    {
        Near(924 * Mebibyte, await AvailableAsync());
        await CreateAsync(Of("a", 200 * Mebibyte));
        Near(724 * Mebibyte, await AvailableAsync());

        // Writing into the image takes nothing that was not promised.
        Write("a", 150 * Mebibyte);
        Near(724 * Mebibyte, await AvailableAsync());

        await ExpandAsync("a", 300 * Mebibyte);
        Near(624 * Mebibyte, await AvailableAsync());

        // What others write into the pool is gone.
        await File.WriteAllBytesAsync(Pool + "/other", new byte[100 * Mebibyte]);
        Near(524 * Mebibyte, await AvailableAsync());

        await DeleteAsync("a");
        Near(824 * Mebibyte, await AvailableAsync());
    }

    [Fact]
    public async Task A_volume_that_does_not_fit_is_refused_and_leaves_nothing()
    {
        await CreateAsync(Of("a", 600 * Mebibyte));
        var before = State();
        var failure = await FailsAsync(VolumeError.Exhausted, () => CreateAsync(Of("b", 400 * Mebibyte)));
        Assert.Contains("'test'", failure.Message);
        await FailsAsync(VolumeError.Exhausted, () => ExpandAsync("a", 1000 * Mebibyte));
        Assert.Equal(before, State());
        await CreateAsync(Of("b", 300 * Mebibyte));
    }

    [Fact]
    public async Task Volumes_in_the_making_have_their_room()
    {
        using var pause = new Pause(FaultPoints.CreateFolder);
        var first = CreateAsync(Of("a", 600 * Mebibyte));
        pause.WaitUntilReached();
        Near(324 * Mebibyte, await AvailableAsync());
        await FailsAsync(VolumeError.Exhausted, () => CreateAsync(Of("b", 600 * Mebibyte)));
        pause.GoOn();
        await first;
        Near(324 * Mebibyte, await AvailableAsync());
    }

    [Fact]
    public async Task A_damaged_volume_keeps_its_room()
    {
        await CreateAsync(Of("a", 200 * Mebibyte));
        await File.WriteAllTextAsync(Volumes + "/a/volume.json", "{");
        Near(724 * Mebibyte, await AvailableAsync());
    }

    [Fact]
    public async Task The_largest_volume_fits_and_the_next_larger_one_does_not()
    {
        var room = await RoomAsync();
        Assert.Equal(16 * Mebibyte, room.MinimumVolumeSize);
        Assert.Equal(room.Available, room.MaximumVolumeSize);
        await FailsAsync(VolumeError.Exhausted, () => CreateAsync(Of("a", room.MaximumVolumeSize + (2 * Mebibyte))));
        await CreateAsync(Of("a", room.MaximumVolumeSize));
        await FailsAsync(VolumeError.InvalidArgument, () => RoomAsync(parameters: ("pool", "x")));
    }

    [Fact]
    public async Task Of_several_pools_the_roomiest_is_taken()
    {
        using var other = new TestMount(3 * Gibibyte);
        using var catalogue = Open("big=" + other.Make("pool"));
        Assert.Equal("big", (await catalogue.CreateAsync(Of("a", 700 * Mebibyte), CancellationToken.None)).Pool);
        Assert.Equal("test", (await catalogue.CreateAsync(Of("b", parameters: [("pool", "test")]), CancellationToken.None)).Pool);
        await FailsAsync(VolumeError.AlreadyExists, () => catalogue.CreateAsync(Of("b", parameters: [("pool", "big")]), CancellationToken.None));
        var all = await RoomAsync(catalogue);
        var big = await RoomAsync(catalogue, parameters: ("pool", "big"));
        Assert.Equal(big.Available, all.MaximumVolumeSize);
        Near(big.Available + ((924 - 64) * Mebibyte), all.Available);
        Assert.Equal(["a", "b"], (await catalogue.ListAsync(0, "", CancellationToken.None)).Volumes.Select(volume => volume.Id));
    }

    private static void Near(long expected, long actual) => Assert.InRange(actual, expected - Slack, expected);

    private void Write(string id, long bytes)
    {
        using var stream = File.OpenWrite($"{Volumes}/{id}/image");
        stream.Write(new byte[bytes]);
    }
}

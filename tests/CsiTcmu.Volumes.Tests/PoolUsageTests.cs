using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>What is told of a pool's bytes.</summary>
public sealed class PoolUsageTests : CatalogueTest
{
    // Folders and descriptors take some room of their own.
    private const long Slack = 2 * Mebibyte;

    public PoolUsageTests()
        : base(1L << 30, ",reserve=100Mi")
    {
    }

    [Fact]
    public async Task Size_is_told_and_what_is_free_promised_allocated_reserved_and_available()
    {
        Near((1024, 1024, 0, 0, 924), await MeasureAsync());
        await CreateAsync(Of("a", 200 * Mebibyte));
        Near((1024, 1024, 200, 0, 724), await MeasureAsync());
        Write("a", 150 * Mebibyte);
        Near((1024, 874, 200, 150, 724), await MeasureAsync());
        await File.WriteAllBytesAsync(Pool + "/other", new byte[50 * Mebibyte]);
        Near((1024, 824, 200, 150, 674), await MeasureAsync());
        Assert.Equal(100 * Mebibyte, (await MeasureAsync()).Reserved);
        Assert.Equal(["test"], ((IPools)Catalogue).Names);
    }

    [Fact]
    public async Task Volumes_in_the_making_are_promised()
    {
        using var pause = new Pause(FaultPoints.CreateFolder);
        var first = CreateAsync(Of("a", 600 * Mebibyte));
        pause.WaitUntilReached();
        Near((1024, 1024, 600, 0, 324), await MeasureAsync());
        pause.GoOn();
        await first;
        Near((1024, 1024, 600, 0, 324), await MeasureAsync());
    }

    [Fact]
    public async Task More_than_is_there_is_no_negative_room()
    {
        await CreateAsync(Of("a", 900 * Mebibyte));
        await File.WriteAllBytesAsync(Pool + "/other", new byte[400 * Mebibyte]);
        Near((1024, 624, 900, 0, 0), await MeasureAsync());
    }

    [Fact]
    public async Task Pool_that_is_gone_or_unknown_is_refused()
    {
        _ = Catalogue;
        Directory.Move(Pool, Pool + "-away");
        try
        {
            await FailsAsync(VolumeError.Unavailable, MeasureAsync);
        }
        finally
        {
            Directory.Move(Pool + "-away", Pool);
        }

        await FailsAsync(VolumeError.InvalidArgument, () => ((IPools)Catalogue).MeasureAsync("other", CancellationToken.None));
        await MeasureAsync();
    }

    private Task<PoolUsage> MeasureAsync() => ((IPools)Catalogue).MeasureAsync("test", CancellationToken.None);

    private void Write(string id, long bytes)
    {
        using var image = new FileStream($"{Volumes}/{id}/image", FileMode.Open, FileAccess.Write);
        image.Write(new byte[bytes]);
    }

    private static void Near((long Size, long Free, long Promised, long Allocated, long Available) mebibytes, PoolUsage usage)
    {
        Near(mebibytes.Size, usage.Size);
        Near(mebibytes.Free, usage.Free);
        Near(mebibytes.Promised, usage.Promised);
        Near(mebibytes.Allocated, usage.Allocated);
        Near(mebibytes.Available, usage.Available);
    }

    private static void Near(long mebibytes, long bytes) => Assert.InRange(bytes, (mebibytes * Mebibyte) - Slack, (mebibytes * Mebibyte) + Slack);
}

using CsiTcmu.Backstores;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>What comes of the wish for zero copy, before a device is made; with devices: the kernel tests.</summary>
public sealed class ZeroCopyTests : CatalogueTest
{
    private static readonly TcmuDiskOptions Options = new() { ZeroCopyMegabytes = 64, ZeroCopyBudgetMegabytes = 200 };

    [Fact]
    public void Off_is_the_default_and_asks_nothing()
    {
        Assert.Equal(ZeroCopyMode.Off, new TcmuDiskOptions().ZeroCopy);
        var plan = ZeroCopyPlan.Make(ZeroCopyMode.Off, () => throw new InvalidOperationException("asked"), Options, () => throw new InvalidOperationException("asked"));
        Assert.Equal(new ZeroCopyPlan(FileWay.Direct, 0, ""), plan);
    }

    [Fact]
    public void An_image_with_direct_io_keeps_it_unless_zero_copy_is_required()
    {
        var direct = ZeroCopyPlan.Make(ZeroCopyMode.Auto, () => false, Options, () => 0);
        Assert.Equal((FileWay.Direct, 0), (direct.Way, direct.Megabytes));
        Assert.Contains("direct I/O", direct.Reason, StringComparison.Ordinal);
        Assert.Equal(new ZeroCopyPlan(FileWay.Direct, 64, ""), ZeroCopyPlan.Make(ZeroCopyMode.Auto, () => true, Options, () => 0));
        Assert.Equal(new ZeroCopyPlan(FileWay.PageCache, 64, ""), ZeroCopyPlan.Make(ZeroCopyMode.Required, () => false, Options, () => 0));
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(136, 64)]
    [InlineData(137, 63)]
    [InlineData(192, 8)]
    [InlineData(193, 0)]
    [InlineData(200, 0)]
    [InlineData(300, 0)]
    public void All_areas_stay_within_the_budget(int others, int megabytes)
    {
        foreach (var mode in new[] { ZeroCopyMode.Auto, ZeroCopyMode.Required })
        {
            var plan = ZeroCopyPlan.Make(mode, () => true, Options, () => others);
            Assert.Equal(megabytes, plan.Megabytes);
            Assert.Equal(megabytes == 0, plan.Reason.Contains("200 MiB", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_file_system_of_an_image_tells_whether_it_has_direct_io()
    {
        var image = Path.Combine(AppContext.BaseDirectory, $"{Guid.NewGuid():N}.img");
        File.WriteAllBytes(image, new byte[8192]);
        try
        {
            Assert.False(FileBackstore.GoesThroughPageCache(image));
            Assert.DoesNotContain(Directory.GetFiles("/proc/self/fd"), link => File.ResolveLinkTarget(link, false)?.FullName == image);
        }
        finally
        {
            File.Delete(image);
        }

        Assert.Throws<IOException>(() => FileBackstore.GoesThroughPageCache(image));
    }

    [Fact]
    public void A_volume_may_say_what_it_wants()
    {
        Assert.Null(Parse().ZeroCopy);
        Assert.Equal(ZeroCopyMode.Off, Parse(("zeroCopy", "off")).ZeroCopy);
        Assert.Equal(ZeroCopyMode.Auto, Parse(("zeroCopy", "auto")).ZeroCopy);
        Assert.Equal(ZeroCopyMode.Required, Parse(("zeroCopy", "required")).ZeroCopy);
        foreach (var wrong in new[] { "", "on", "true", "Auto", " auto" })
        {
            var refusal = Assert.Throws<VolumeException>(() => Parse(("zeroCopy", wrong)));
            Assert.Equal(VolumeError.InvalidArgument, refusal.Error);
            Assert.Contains($"'zeroCopy' is '{wrong}'", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_volume_that_says_something_else_is_another_one()
    {
        await CreateAsync(Of("pvc-1", parameters: [("zeroCopy", "required")]));
        await CreateAsync(Of("pvc-1", parameters: [("zeroCopy", "required")]));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1")));
        await FailsAsync(VolumeError.AlreadyExists, () => CreateAsync(Of("pvc-1", parameters: [("zeroCopy", "auto")])));
        await FailsAsync(VolumeError.InvalidArgument, () => CreateAsync(Of("pvc-2", parameters: [("zeroCopy", "maybe")])));
    }

    private static VolumeParameters Parse(params (string Key, string Value)[] parameters) =>
        VolumeParameters.Parse(parameters.ToDictionary(pair => pair.Key, pair => pair.Value), "", block: false);
}

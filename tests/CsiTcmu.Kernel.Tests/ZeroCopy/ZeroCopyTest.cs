using CsiTcmu.DataPlane;
using CsiTcmu.Kernel.Tests.Machine;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests.ZeroCopy;

/// <summary>What tests of volumes whose commands are mapped by our target_core_user have in common.</summary>
[Collection(OurModule.Collection)]
public abstract class ZeroCopyTest : VolumeTest
{
    private protected ZeroCopyTest(TcmuDiskOptions? disks = null)
        : base(disks)
    {
    }

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        OurModule.SkipWithout();
        await base.InitializeAsync();
    }

    /// <summary>Creates and stages a volume.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="zeroCopy">Its parameter <c>zeroCopy</c>.</param>
    /// <param name="fileSystem">Empty for raw block.</param>
    /// <param name="mebibytes">Its size.</param>
    /// <returns>Its disk, or the folder where it is mounted.</returns>
    private protected async Task<string> StageAsync(string id, string zeroCopy = "required", string fileSystem = "", int mebibytes = 64)
    {
        var block = fileSystem.Length == 0;
        await Node.CreateAsync(id, mebibytes * Mebibyte, fileSystem, block, ("zeroCopy", zeroCopy));
        await Node.Volumes.StageAsync(id, Node.Make(id), new VolumeUse { Block = block, FileSystem = fileSystem }, CancellationToken.None);
        return block ? Node.Disks.Find(id)!.Path : $"{Node.Folder}/{id}";
    }

    private protected async Task UnstageAsync(params string[] ids)
    {
        foreach (var id in ids) await Node.Volumes.UnstageAsync(id, $"{Node.Folder}/{id}", CancellationToken.None);
        Node.AssertNothingIsLeft();
    }

    private protected DiskCounters Driver(string id) => Node.Disks.Counters[id];

    /// <summary>The driver has counted the same as the kernel, for a device that this process has served from its beginning.</summary>
    private protected void AssertCountsAgree(string id)
    {
        var (driver, kernel) = (Driver(id), ZeroCopyStatistics.Read(id));
        Assert.Equal((kernel.Mapped, kernel.CopiedSmall + kernel.CopiedIneligible + kernel.CopiedFull, 0), (driver.Mapped, driver.Copied, driver.Errors));
        Assert.Equal((kernel.Mapped, 0), (kernel.Touched, kernel.PagesUsed));
    }

    /// <summary>fio writes and verifies; <c>--name</c> begins each job, options before the first are those of all.</summary>
    private protected static void Verify(params string[] options) => VolumeNode.Run(
        "fio",
        ["--ioengine=libaio", "--direct=1", "--iodepth=8", "--rw=randwrite", "--verify=crc32c", "--verify_fatal=1", "--thread", "--output-format=terse", .. options]);
}

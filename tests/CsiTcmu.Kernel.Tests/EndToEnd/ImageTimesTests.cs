using CsiTcmu.Kernel.Tests.Machine;

namespace CsiTcmu.Kernel.Tests.EndToEnd;

/// <summary>On XFS a write to a disk changes no times of its image, which would cost a transaction of the pool's file system.</summary>
[Collection(DriverCollection.Name)]
public sealed class ImageTimesTests(DriverFixture fixture)
{
    [Fact]
    public async Task Writes_reach_the_image_and_leave_its_times_alone()
    {
        var volume = await StagedVolume.MakeAsync(fixture.Driver.Client, "times", "", 16L << 20);
        var image = $"{PoolDisk.Root}/volumes/{volume.Id}/image";
        var before = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(image, before);
        await Shell.RunAsync("sh", "-c", $"yes csi-tcmu | dd of={volume.Target} bs=4k count=64 oflag=direct conv=fsync iflag=fullblock status=none");
        Assert.Equal(before, File.GetLastWriteTimeUtc(image));
        Assert.StartsWith("csi-tcmu\n", await Shell.RunAsync("head", "-c", "64", image), StringComparison.Ordinal);
        await volume.RemoveAsync(fixture.Driver.Client);
    }
}

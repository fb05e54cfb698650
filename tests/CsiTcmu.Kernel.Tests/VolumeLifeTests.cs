using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests;

/// <summary>Volumes from creation to deletion on the real kernel, by the catalogue and the node, without gRPC.</summary>
public sealed class VolumeLifeTests : VolumeTest
{
    [Theory]
    [InlineData("ext4", 64)]
    [InlineData("xfs", 320)]
    public async Task A_mounted_volume_lives_grows_and_leaves_nothing(string fileSystem, int mebibytes)
    {
        var size = mebibytes * Mebibyte;
        var volume = await Node.CreateAsync("life", size, fileSystem);
        var (staging, target, use) = (Node.Make("staging"), Node.Folder + "/target", new VolumeUse { FileSystem = fileSystem, MountFlags = ["noatime"] });
        for (var i = 0; i < 2; i++) await Node.Volumes.StageAsync("life", staging, use, CancellationToken.None);
        var disk = BlockDevice.Find(MountTable.Read().Top(staging)!.Device)!;
        Assert.Equal(size, disk.Size);
        Assert.Equal("naa." + volume.Wwid, File.ReadAllText($"/sys/block/{disk.Name}/device/wwid").Trim());
        Assert.Equal("180", File.ReadAllText($"/sys/block/{disk.Name}/device/timeout").Trim());
        Assert.Equal("4096", File.ReadAllText($"/sys/block/{disk.Name}/queue/physical_block_size").Trim());

        await Node.Volumes.PublishAsync("life", staging, target, use, readOnly: false, CancellationToken.None);
        var data = new byte[8 * Mebibyte];
        new Random(1).NextBytes(data);
        await File.WriteAllBytesAsync(target + "/data", data);
        VolumeNode.Run("sync", "-f", target);

        var before = await Node.Volumes.GetStatisticsAsync("life", target, CancellationToken.None);
        Assert.Equal(2 * size, (await Node.Catalogue.ExpandAsync("life", new SizeRange(2 * size, 0), CancellationToken.None)).Size);
        Assert.Equal(2 * size, disk.Size);
        Assert.Equal(2 * size, await Node.Volumes.ExpandAsync("life", target, new SizeRange(2 * size, 0), VolumeSecrets.None, CancellationToken.None));
        var after = await Node.Volumes.GetStatisticsAsync("life", target, CancellationToken.None);
        Assert.InRange(after.TotalBytes, before.TotalBytes + (size / 2), 2 * size);

        // In use: neither unstaged nor deleted.
        Assert.Equal(VolumeError.FailedPrecondition, (await Assert.ThrowsAsync<VolumeException>(() => Node.Volumes.UnstageAsync("life", staging, CancellationToken.None))).Error);
        Assert.Equal(VolumeError.FailedPrecondition, (await Assert.ThrowsAsync<VolumeException>(() => Node.Catalogue.DeleteAsync("life", CancellationToken.None))).Error);

        for (var i = 0; i < 2; i++) await Node.Volumes.UnpublishAsync("life", target, CancellationToken.None);
        for (var i = 0; i < 2; i++) await Node.Volumes.UnstageAsync("life", staging, CancellationToken.None);
        Node.AssertNothingIsLeft();

        await Node.Volumes.StageAsync("life", staging, use, CancellationToken.None);
        Assert.Equal(data, await File.ReadAllBytesAsync(staging + "/data"));
        await Node.Volumes.UnstageAsync("life", staging, CancellationToken.None);
        for (var i = 0; i < 2; i++) await Node.Catalogue.DeleteAsync("life", CancellationToken.None);
        Node.AssertNothingIsLeft();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Node.Pool + "/volumes"));
    }

    [Fact]
    public async Task A_raw_volume_keeps_what_is_written_and_grows_in_place()
    {
        await Node.CreateAsync("raw", 64 * Mebibyte, block: true);
        var (staging, target, use) = (Node.Make("staging"), Node.Folder + "/target", new VolumeUse { Block = true });
        await Node.Volumes.StageAsync("raw", staging, use, CancellationToken.None);
        await Node.Volumes.PublishAsync("raw", staging, target, use, readOnly: false, CancellationToken.None);
        Assert.Equal(0, Syscalls.Status(target, out var status));
        Assert.Equal(FileKind.BlockDevice, status.Kind);

        // By the page cache and not synced: taking the disk away must not lose it.
        VolumeNode.Run("dd", "if=/dev/zero", "of=" + target, "bs=1M", "count=4", "conv=notrunc", "status=none");
        VolumeNode.Run("sh", "-c", $"printf marked | dd of={target} bs=1 seek=1048576 conv=notrunc status=none");
        await Node.Catalogue.ExpandAsync("raw", new SizeRange(128 * Mebibyte, 0), CancellationToken.None);
        Assert.Equal(128 * Mebibyte, BlockDevice.Find(status.Device)!.Size);
        Assert.Equal(128 * Mebibyte, await Node.Volumes.ExpandAsync("raw", target, default, VolumeSecrets.None, CancellationToken.None));

        await Node.Volumes.UnpublishAsync("raw", target, CancellationToken.None);
        await Node.Volumes.UnstageAsync("raw", staging, CancellationToken.None);
        Node.AssertNothingIsLeft();
        using (var image = File.OpenRead(Node.Pool + "/volumes/raw/image"))
        {
            image.Seek(Mebibyte, SeekOrigin.Begin);
            var read = new byte[6];
            image.ReadExactly(read);
            Assert.Equal("marked"u8.ToArray(), read);
        }

        await Node.Catalogue.DeleteAsync("raw", CancellationToken.None);
    }

    [Fact]
    public async Task The_next_process_goes_on_with_every_disk()
    {
        var staging = Node.Make("staging");
        await Node.CreateAsync("kept", 64 * Mebibyte);
        await Node.CreateAsync("damaged", 64 * Mebibyte, block: true);
        await Node.Volumes.StageAsync("kept", staging, new VolumeUse(), CancellationToken.None);
        await Node.Volumes.StageAsync("damaged", Node.Make("raw"), new VolumeUse { Block = true }, CancellationToken.None);
        await File.WriteAllTextAsync(staging + "/before", "before");

        // Grown behind the back of the disk, as if a crash had come between descriptor and disk; and one descriptor is lost.
        await Node.StopAsync();
        var writing = Task.Run(() => File.WriteAllText(staging + "/meanwhile", "meanwhile"));
        using (var image = File.OpenWrite(Node.Pool + "/volumes/kept/image")) image.SetLength(128 * Mebibyte);
        Change("kept", "\"size\": 67108864", "\"size\": 134217728");
        Change("damaged", "\"version\": 1", "\"version\": 9");

        var taken = (await Node.StartAsync()).OrderBy(one => one.Id, StringComparer.Ordinal).ToList();
        Assert.Equal(["damaged", "kept"], taken.Select(one => one.Id));
        Assert.Contains("version 9", taken[0].Problem);
        Assert.Null(taken[1].Problem);
        await writing;
        VolumeNode.Run("sync", "-f", staging);
        Assert.Equal(128 * Mebibyte, BlockDevice.Find(taken[1].Disk!.Number)!.Size);
        Assert.Equal("before", await File.ReadAllTextAsync(staging + "/before"));

        // A disk that waits is not taken away under nobody's service, and is mended without a restart.
        Assert.Equal(VolumeError.FailedPrecondition, (await Assert.ThrowsAsync<VolumeException>(() => Node.Volumes.UnstageAsync("damaged", Node.Folder + "/raw", CancellationToken.None))).Error);
        Change("damaged", "\"version\": 9", "\"version\": 1");
        await Node.Volumes.StageAsync("damaged", Node.Folder + "/raw", new VolumeUse { Block = true }, CancellationToken.None);
        await Node.Volumes.UnstageAsync("damaged", Node.Folder + "/raw", CancellationToken.None);
        await Node.Volumes.UnstageAsync("kept", staging, CancellationToken.None);
        Node.AssertNothingIsLeft();
    }

    // Each attempt goes one step further than the one before.
    [Trait("Kernel", "any")]
    [Fact]
    public async Task An_operation_that_ends_half_way_is_repeated_in_the_same_process()
    {
        var staging = Node.Make("staging");
        await Node.CreateAsync("fault", 64 * Mebibyte);
        await RepeatAsync(
            [FaultPoints.StageDevice, FaultPoints.StageOpened, FaultPoints.StageServed, FaultPoints.StageLinked, FaultPoints.StageDisk, FaultPoints.StageFormatting, FaultPoints.StageMounted],
            () => Node.Volumes.StageAsync("fault", staging, new VolumeUse(), CancellationToken.None));
        await File.WriteAllTextAsync(staging + "/file", "fault");
        await RepeatAsync(
            [FaultPoints.UnstageUnmounted, FaultPoints.UnstageUnlinked, FaultPoints.UnstageStopped, FaultPoints.UnstageRemoved],
            () => Node.Volumes.UnstageAsync("fault", staging, CancellationToken.None));
        Node.AssertNothingIsLeft();
        await Node.Volumes.StageAsync("fault", staging, new VolumeUse(), CancellationToken.None);
        Assert.Equal("fault", await File.ReadAllTextAsync(staging + "/file"));
        await Node.Volumes.UnstageAsync("fault", staging, CancellationToken.None);
        Node.AssertNothingIsLeft();
    }

    /// <summary>Ends the operation at each of the points, in their order, and then lets it come to its end.</summary>
    private static async Task RepeatAsync(string[] points, Func<Task> operation)
    {
        var left = new Queue<string>(points);
        FaultPoints.Observer = name =>
        {
            if (!left.TryPeek(out var next) || next != name) return;
            left.Dequeue();
            throw new TimeoutException("the test ends the operation here");
        };
        try
        {
            foreach (var point in points)
            {
                await Assert.ThrowsAsync<TimeoutException>(operation);
                Assert.DoesNotContain(point, left);
            }

            await operation();
        }
        finally
        {
            FaultPoints.Observer = null;
        }
    }

    private void Change(string id, string from, string to)
    {
        var path = $"{Node.Pool}/volumes/{id}/volume.json";
        var text = File.ReadAllText(path);
        Assert.Contains(from, text);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }
}

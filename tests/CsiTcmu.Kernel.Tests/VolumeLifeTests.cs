using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Tcmu;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests;

/// <summary>Volumes from creation to deletion on the real kernel, by the catalogue and the node, without gRPC.</summary>
public sealed class VolumeLifeTests : IAsyncLifetime
{
    private const long Mebibyte = 1L << 20;
    private readonly VolumeNode _node = new();

    public async ValueTask InitializeAsync() => await _node.StartAsync();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData("ext4", 64)]
    [InlineData("xfs", 320)]
    public async Task A_mounted_volume_lives_grows_and_leaves_nothing(string fileSystem, int mebibytes)
    {
        var size = mebibytes * Mebibyte;
        var volume = await _node.CreateAsync("life", size, fileSystem);
        var (staging, target, use) = (_node.Make("staging"), _node.Folder + "/target", new VolumeUse { FileSystem = fileSystem, MountFlags = ["noatime"] });
        for (var i = 0; i < 2; i++) await _node.Volumes.StageAsync("life", staging, use, CancellationToken.None);
        var disk = BlockDevice.Find(MountTable.Read().Top(staging)!.Device)!;
        Assert.Equal(size, disk.Size);
        Assert.Equal("naa." + volume.Wwid, File.ReadAllText($"/sys/block/{disk.Name}/device/wwid").Trim());
        Assert.Equal("180", File.ReadAllText($"/sys/block/{disk.Name}/device/timeout").Trim());
        Assert.Equal("4096", File.ReadAllText($"/sys/block/{disk.Name}/queue/physical_block_size").Trim());

        await _node.Volumes.PublishAsync("life", staging, target, use, readOnly: false, CancellationToken.None);
        var data = new byte[8 * Mebibyte];
        new Random(1).NextBytes(data);
        await File.WriteAllBytesAsync(target + "/data", data);
        VolumeNode.Run("sync", "-f", target);

        var before = await _node.Volumes.GetStatisticsAsync("life", target, CancellationToken.None);
        Assert.Equal(2 * size, (await _node.Catalogue.ExpandAsync("life", new SizeRange(2 * size, 0), CancellationToken.None)).Size);
        Assert.Equal(2 * size, disk.Size);
        Assert.Equal(2 * size, await _node.Volumes.ExpandAsync("life", target, new SizeRange(2 * size, 0), VolumeSecrets.None, CancellationToken.None));
        var after = await _node.Volumes.GetStatisticsAsync("life", target, CancellationToken.None);
        Assert.InRange(after.TotalBytes, before.TotalBytes + (size / 2), 2 * size);

        // In use: neither unstaged nor deleted.
        Assert.Equal(VolumeError.FailedPrecondition, (await Assert.ThrowsAsync<VolumeException>(() => _node.Volumes.UnstageAsync("life", staging, CancellationToken.None))).Error);
        Assert.Equal(VolumeError.FailedPrecondition, (await Assert.ThrowsAsync<VolumeException>(() => _node.Catalogue.DeleteAsync("life", CancellationToken.None))).Error);

        for (var i = 0; i < 2; i++) await _node.Volumes.UnpublishAsync("life", target, CancellationToken.None);
        for (var i = 0; i < 2; i++) await _node.Volumes.UnstageAsync("life", staging, CancellationToken.None);
        _node.AssertNothingIsLeft();

        await _node.Volumes.StageAsync("life", staging, use, CancellationToken.None);
        Assert.Equal(data, await File.ReadAllBytesAsync(staging + "/data"));
        await _node.Volumes.UnstageAsync("life", staging, CancellationToken.None);
        for (var i = 0; i < 2; i++) await _node.Catalogue.DeleteAsync("life", CancellationToken.None);
        _node.AssertNothingIsLeft();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_node.Pool + "/volumes"));
    }

    [Fact]
    public async Task A_raw_volume_keeps_what_is_written_and_grows_in_place()
    {
        await _node.CreateAsync("raw", 64 * Mebibyte, block: true);
        var (staging, target, use) = (_node.Make("staging"), _node.Folder + "/target", new VolumeUse { Block = true });
        await _node.Volumes.StageAsync("raw", staging, use, CancellationToken.None);
        await _node.Volumes.PublishAsync("raw", staging, target, use, readOnly: false, CancellationToken.None);
        Assert.Equal(0, Syscalls.Status(target, out var status));
        Assert.Equal(FileKind.BlockDevice, status.Kind);

        // By the page cache and not synced: taking the disk away must not lose it.
        VolumeNode.Run("dd", "if=/dev/zero", "of=" + target, "bs=1M", "count=4", "conv=notrunc", "status=none");
        VolumeNode.Run("sh", "-c", $"printf marked | dd of={target} bs=1 seek=1048576 conv=notrunc status=none");
        await _node.Catalogue.ExpandAsync("raw", new SizeRange(128 * Mebibyte, 0), CancellationToken.None);
        Assert.Equal(128 * Mebibyte, BlockDevice.Find(status.Device)!.Size);
        Assert.Equal(128 * Mebibyte, await _node.Volumes.ExpandAsync("raw", target, default, VolumeSecrets.None, CancellationToken.None));

        await _node.Volumes.UnpublishAsync("raw", target, CancellationToken.None);
        await _node.Volumes.UnstageAsync("raw", staging, CancellationToken.None);
        _node.AssertNothingIsLeft();
        using (var image = File.OpenRead(_node.Pool + "/volumes/raw/image"))
        {
            image.Seek(Mebibyte, SeekOrigin.Begin);
            var read = new byte[6];
            image.ReadExactly(read);
            Assert.Equal("marked"u8.ToArray(), read);
        }

        await _node.Catalogue.DeleteAsync("raw", CancellationToken.None);
    }

    [Fact]
    public async Task Zero_copy_that_the_kernels_own_module_has_not_is_refused_where_it_is_required_and_missed_nowhere_else()
    {
        Assert.SkipWhen(File.Exists("/sys/module/target_core_user/version"), "This is not the kernel's own module.");
        Assert.Contains("the loaded target_core_user has none", ZeroCopyProbe.FindObstacle());
        _node.AssertNothingIsLeft();

        await _node.CreateAsync("strict", 64 * Mebibyte, block: true, parameters: [("zeroCopy", "required")]);
        for (var i = 0; i < 2; i++)
        {
            var refusal = await Assert.ThrowsAsync<VolumeException>(
                () => _node.Volumes.StageAsync("strict", _node.Make("strict"), new VolumeUse { Block = true }, CancellationToken.None));
            Assert.Equal(VolumeError.FailedPrecondition, refusal.Error);
            Assert.Contains("requires zero copy", refusal.Message);
        }

        await _node.Volumes.UnstageAsync("strict", _node.Folder + "/strict", CancellationToken.None);
        _node.AssertNothingIsLeft();

        await _node.CreateAsync("easy", 64 * Mebibyte, block: true, parameters: [("zeroCopy", "auto")]);
        await _node.Volumes.StageAsync("easy", _node.Make("easy"), new VolumeUse { Block = true }, CancellationToken.None);
        Assert.Equal((1, 0), _node.Disks.ZeroCopyUse);
        await _node.Volumes.UnstageAsync("easy", _node.Folder + "/easy", CancellationToken.None);
        _node.AssertNothingIsLeft();
    }

    [Fact]
    public async Task The_next_process_goes_on_with_every_disk()
    {
        var staging = _node.Make("staging");
        await _node.CreateAsync("kept", 64 * Mebibyte);
        await _node.CreateAsync("damaged", 64 * Mebibyte, block: true);
        await _node.Volumes.StageAsync("kept", staging, new VolumeUse(), CancellationToken.None);
        await _node.Volumes.StageAsync("damaged", _node.Make("raw"), new VolumeUse { Block = true }, CancellationToken.None);
        await File.WriteAllTextAsync(staging + "/before", "before");

        // Grown behind the back of the disk, as if a crash had come between descriptor and disk; and one descriptor is lost.
        await _node.StopAsync();
        var writing = Task.Run(() => File.WriteAllText(staging + "/meanwhile", "meanwhile"));
        using (var image = File.OpenWrite(_node.Pool + "/volumes/kept/image")) image.SetLength(128 * Mebibyte);
        Change("kept", "\"size\": 67108864", "\"size\": 134217728");
        Change("damaged", "\"version\": 1", "\"version\": 9");

        var taken = (await _node.StartAsync()).OrderBy(one => one.Id, StringComparer.Ordinal).ToList();
        Assert.Equal(["damaged", "kept"], taken.Select(one => one.Id));
        Assert.Contains("version 9", taken[0].Problem);
        Assert.Null(taken[1].Problem);
        await writing;
        VolumeNode.Run("sync", "-f", staging);
        Assert.Equal(128 * Mebibyte, BlockDevice.Find(taken[1].Disk!.Number)!.Size);
        Assert.Equal("before", await File.ReadAllTextAsync(staging + "/before"));

        // A disk that waits is not taken away under nobody's service, and is mended without a restart.
        Assert.Equal(VolumeError.FailedPrecondition, (await Assert.ThrowsAsync<VolumeException>(() => _node.Volumes.UnstageAsync("damaged", _node.Folder + "/raw", CancellationToken.None))).Error);
        Change("damaged", "\"version\": 9", "\"version\": 1");
        await _node.Volumes.StageAsync("damaged", _node.Folder + "/raw", new VolumeUse { Block = true }, CancellationToken.None);
        await _node.Volumes.UnstageAsync("damaged", _node.Folder + "/raw", CancellationToken.None);
        await _node.Volumes.UnstageAsync("kept", staging, CancellationToken.None);
        _node.AssertNothingIsLeft();
    }

    // Each attempt goes one step further than the one before.
    [Trait("Kernel", "any")]
    [Fact]
    public async Task An_operation_that_ends_half_way_is_repeated_in_the_same_process()
    {
        var staging = _node.Make("staging");
        await _node.CreateAsync("fault", 64 * Mebibyte);
        await RepeatAsync(
            [FaultPoints.StageDevice, FaultPoints.StageOpened, FaultPoints.StageServed, FaultPoints.StageLinked, FaultPoints.StageDisk, FaultPoints.StageFormatting, FaultPoints.StageMounted],
            () => _node.Volumes.StageAsync("fault", staging, new VolumeUse(), CancellationToken.None));
        await File.WriteAllTextAsync(staging + "/file", "fault");
        await RepeatAsync(
            [FaultPoints.UnstageUnmounted, FaultPoints.UnstageUnlinked, FaultPoints.UnstageStopped, FaultPoints.UnstageRemoved],
            () => _node.Volumes.UnstageAsync("fault", staging, CancellationToken.None));
        _node.AssertNothingIsLeft();
        await _node.Volumes.StageAsync("fault", staging, new VolumeUse(), CancellationToken.None);
        Assert.Equal("fault", await File.ReadAllTextAsync(staging + "/file"));
        await _node.Volumes.UnstageAsync("fault", staging, CancellationToken.None);
        _node.AssertNothingIsLeft();
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
        var path = $"{_node.Pool}/volumes/{id}/volume.json";
        var text = File.ReadAllText(path);
        Assert.Contains(from, text);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
    }
}

using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class StageTests : NodeTest
{
    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task A_blank_volume_is_formatted_once_and_mounted(string fileSystem)
    {
        await CreateAsync("a", fileSystem);
        await StageAsync(use: Use("noatime"));
        var mount = MountTable.Read().Top(Staging);
        Assert.Equal(fileSystem, mount!.FileSystem);
        Assert.Equal(MountFlags.NoAccessTime, mount.Flags);
        await File.WriteAllTextAsync(Staging + "/file", "content");
        await StageAsync(use: Use("noatime"));

        await UnstageAsync();
        Assert.Null(MountTable.Read().Top(Staging));
        Assert.Null(Disks.Find("a"));
        await UnstageAsync();

        Restart();
        await StageAsync();
        Assert.Equal("content", await File.ReadAllTextAsync(Staging + "/file"));
    }

    [Fact]
    public async Task Mkfs_options_reach_the_file_system()
    {
        await CreateAsync("a", parameters: ("mkfsOptions", "-b 1024 -L marked"));
        await StageAsync();
        Assert.Contains("LABEL=marked", (await Tool.RunAsync("blkid", ["-p", "-o", "export", Disks.Find("a")!.Path])).Output);
    }

    [Fact]
    public async Task Another_use_of_a_staged_volume_is_refused()
    {
        await CreateAsync("a");
        await StageAsync(use: Use("noatime"));
        var before = State();
        await FailsAsync(VolumeError.AlreadyExists, () => StageAsync());
        await FailsAsync(VolumeError.AlreadyExists, () => StageAsync(use: Use("noatime", "ro")));
        await FailsAsync(VolumeError.AlreadyExists, () => StageAsync(use: Use("noatime", "discard")));
        await FailsAsync(VolumeError.AlreadyExists, () => StageAsync(use: Use("noatime", "sync")));
        await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(use: Block));
        await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(use: Use("noatime") with { FileSystem = "xfs" }));
        await FailsAsync(VolumeError.InvalidArgument, () => StageAsync(use: Use("remount")));
        Directory.CreateDirectory(Folder + "/other");
        Assert.Contains(Staging, (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(path: Folder + "/other", use: Use("noatime")))).Message);
        Directory.Delete(Folder + "/other");
        Assert.Equal(before, State());
    }

    [Theory]
    [InlineData("swap", "swap")]
    [InlineData("xfs", "file system (xfs)")]
    [InlineData("bytes", "data without a signature")]
    [InlineData("end", "data without a signature")]
    [InlineData("partitions", "partition table")]
    public async Task A_volume_with_anything_on_it_is_never_formatted(string content, string named)
    {
        await CreateAsync("a", block: false);
        await Catalogue.ExpandAsync("a", new SizeRange(400 * Mebibyte, 0), CancellationToken.None);
        await FillAsync(content);
        var before = Sum();
        Assert.Contains(named, (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync())).Message);
        Assert.Equal(before, Sum());
        Assert.Null(MountTable.Read().Top(Staging));
        await UnstageAsync();
    }

    [Fact]
    public async Task A_volume_that_lost_its_file_system_is_not_formatted_again()
    {
        await CreateAsync("a");
        await StageAsync();
        await UnstageAsync();
        File.Delete(Image("a"));
        await using (var image = File.Create(Image("a"))) image.SetLength(64 * Mebibyte);
        Assert.Contains("lost", (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync())).Message);
        Assert.Equal(0, AllocatedBytes());
    }

    [Fact]
    public async Task A_mkfs_that_was_cut_short_is_begun_again()
    {
        await CreateAsync("a");
        Assert.True(await Crash.AtAsync(FaultPoints.StageMade, () => StageAsync()));

        // What a killed mkfs could leave: a part of what it writes, here without the superblock that would be recognised.
        await using (var device = File.OpenWrite(Disks.Find("a")!.Path)) device.Write(new byte[64 * 1024]);
        Restart();
        await StageAsync();
        Assert.Equal("ext4", MountTable.Read().Top(Staging)!.FileSystem);
    }

    [Fact]
    public async Task A_mkfs_that_still_runs_is_waited_for()
    {
        await CreateAsync("a");
        Assert.True(await Crash.AtAsync(FaultPoints.StageFormatting, () => StageAsync()));
        var file = Syscalls.Open(Disks.Find("a")!.Path, OpenFlags.ReadWrite | OpenFlags.Exclusive | OpenFlags.CloseOnExec);
        Assert.True(file >= 0);
        await FailsAsync(VolumeError.Aborted, () => StageAsync());
        _ = Syscalls.Close(file);
        await StageAsync();
    }

    [Fact]
    public async Task A_mkfs_that_fails_says_why()
    {
        await CreateAsync("a", parameters: ("mkfsOptions", "-b 77"));
        Assert.Contains("77", (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync())).Message);
        await UnstageAsync();
        await Catalogue.DeleteAsync("a", CancellationToken.None);
    }

    [Fact]
    public async Task Mount_options_that_the_file_system_refuses_say_so()
    {
        await CreateAsync("a");
        Assert.Contains("mount options", (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync(use: Use("no-such-option")))).Message);
        await StageAsync();
    }

    [Theory]
    [InlineData("relative/path", VolumeError.InvalidArgument)]
    [InlineData("", VolumeError.InvalidArgument)]
    [InlineData("/", VolumeError.InvalidArgument)]
    [InlineData("{0}/a\0b", VolumeError.InvalidArgument)]
    [InlineData("{0}/../{0}", VolumeError.InvalidArgument)]
    [InlineData("{0}//staging", VolumeError.InvalidArgument)]
    [InlineData("{0}/link", VolumeError.InvalidArgument)]
    [InlineData("{0}/absent", VolumeError.FailedPrecondition)]
    [InlineData("{0}/absent/staging", VolumeError.FailedPrecondition)]
    [InlineData("{0}/file", VolumeError.FailedPrecondition)]
    [InlineData("{0}/mounted", VolumeError.FailedPrecondition)]
    [InlineData("/proc", VolumeError.FailedPrecondition)]
    public async Task A_path_that_cannot_be_is_refused_and_changes_nothing(string path, VolumeError error)
    {
        await CreateAsync("a");
        await File.WriteAllTextAsync(Folder + "/file", "");
        File.CreateSymbolicLink(Folder + "/link", Staging);
        Directory.CreateDirectory(Folder + "/mounted");
        Assert.Equal(0, Syscalls.Mount("test", Folder + "/mounted", "tmpfs", MountFlags.None, ""));
        path = path.Replace("{0}", Folder, StringComparison.Ordinal);
        var before = State();
        await FailsAsync(error, () => StageAsync(path: path));
        Assert.Equal(before, State());
        Assert.Null(Disks.Find("a"));
    }

    [Fact]
    public async Task A_symbolic_link_on_the_way_is_no_obstacle()
    {
        await CreateAsync("a");
        Directory.CreateSymbolicLink(Folder + "/way", Folder);
        await StageAsync(path: Folder + "/way/staging");
        await StageAsync();
        await UnstageAsync(path: Folder + "/way/staging/");
        Assert.Null(MountTable.Read().Top(Staging));
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("../../etc")]
    [InlineData("a\0b")]
    public async Task A_volume_that_is_not_there_is_not_found(string id)
    {
        foreach (var each in new[] { id, id + new string('x', 300) })
        {
            var before = State();
            await FailsAsync(VolumeError.NotFound, () => StageAsync(each));
            await FailsAsync(VolumeError.NotFound, () => PublishAsync(each));
            await UnpublishAsync(each);
            await UnstageAsync(each);
            Assert.Equal(before, State());
        }
    }

    [Fact]
    public async Task Raw_block_makes_the_disk_and_mounts_nothing()
    {
        await CreateAsync("a", block: true);
        await StageAsync(use: Block);
        await StageAsync(use: Block);
        Assert.NotNull(Disks.Find("a"));
        Assert.Null(MountTable.Read().Top(Staging));
        await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync());
        await FailsAsync(VolumeError.FailedPrecondition, () => Catalogue.DeleteAsync("a", CancellationToken.None));
        await UnstageAsync();
        Assert.Null(Disks.Find("a"));
        await Catalogue.DeleteAsync("a", CancellationToken.None);
    }

    [Theory]
    [InlineData(FaultPoints.StageDevice)]
    [InlineData(FaultPoints.StageLinked)]
    [InlineData(FaultPoints.StageDisk)]
    [InlineData(FaultPoints.StageFormatting)]
    [InlineData(FaultPoints.StageMade)]
    [InlineData(FaultPoints.StageFormatted)]
    [InlineData(FaultPoints.StageMounted)]
    public async Task Staging_that_ended_half_way_is_completed_or_undone(string point)
    {
        await CreateAsync("a");
        Assert.True(await Crash.AtAsync(point, () => StageAsync()));
        Restart();
        await UnstageAsync();
        Assert.Null(Disks.Find("a"));
        Assert.Null(MountTable.Read().Top(Staging));

        Assert.Equal(point is not (FaultPoints.StageFormatted or FaultPoints.StageMounted), await Crash.AtAsync(FaultPoints.StageFormatting, () => StageAsync()));
        Restart();
        await StageAsync();
        await File.WriteAllTextAsync(Staging + "/file", "content");
        await UnstageAsync();
        await Catalogue.DeleteAsync("a", CancellationToken.None);
    }

    [Theory]
    [InlineData(FaultPoints.UnstageUnmounted)]
    [InlineData(FaultPoints.UnstageUnlinked)]
    public async Task Unstaging_that_ended_half_way_is_completed_or_undone(string point)
    {
        await CreateAsync("a");
        await StageAsync();
        await File.WriteAllTextAsync(Staging + "/file", "content");
        Assert.True(await Crash.AtAsync(point, () => UnstageAsync()));
        Restart();
        await StageAsync();
        Assert.Equal("content", await File.ReadAllTextAsync(Staging + "/file"));
        Assert.True(await Crash.AtAsync(point, () => UnstageAsync()));
        Restart();
        await UnstageAsync();
        Assert.Null(Disks.Find("a"));
    }

    [Fact]
    public async Task A_busy_volume_is_not_unstaged()
    {
        await CreateAsync("a");
        await StageAsync();
        await using (File.Create(Staging + "/open"))
        {
            Assert.Contains(Staging, (await FailsAsync(VolumeError.FailedPrecondition, () => UnstageAsync())).Message);
            Assert.NotNull(MountTable.Read().Top(Staging));
            Assert.NotNull(Disks.Find("a"));
        }

        await UnstageAsync();
    }

    [Fact]
    public async Task Unstaging_leaves_what_is_not_the_volumes()
    {
        await CreateAsync("a");
        await CreateAsync("b");
        await StageAsync("b");
        await FailsAsync(VolumeError.FailedPrecondition, () => UnstageAsync());
        Assert.Equal(Disks.Find("b")!.Number, MountTable.Read().Top(Staging)!.Device);
    }

    private async Task FillAsync(string content)
    {
        switch (content)
        {
            case "swap":
                await Tool.RunAsync("mkswap", [Image("a")]);
                break;
            case "xfs":
                await FileSystemTools.MakeAsync("xfs", Image("a"), []);
                break;
            default:
                await using (var image = File.OpenWrite(Image("a")))
                {
                    image.Seek(content switch { "bytes" => 5000, "end" => image.Length - 1, _ => 446 }, SeekOrigin.Begin);
                    image.Write(content == "partitions" ? PartitionTable() : [1]);
                }

                break;
        }
    }

    private static byte[] PartitionTable()
    {
        var table = new byte[66];
        table[4] = 0x83;
        BitConverter.TryWriteBytes(table.AsSpan(8), 2048);
        BitConverter.TryWriteBytes(table.AsSpan(12), 65536);
        table[64] = 0x55;
        table[65] = 0xaa;
        return table;
    }

    private string Sum()
    {
        using var image = File.OpenRead(Image("a"));
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(image));
    }

    private long AllocatedBytes()
    {
        Assert.Equal(0, Syscalls.Status(Image("a"), out var status));
        return status.AllocatedBytes;
    }
}

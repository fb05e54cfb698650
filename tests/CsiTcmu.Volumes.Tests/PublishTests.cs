using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class PublishTests : NodeTest
{
    private static readonly VolumeUse Alone = new() { AccessMode = AccessMode.SingleNodeSingleWriter };

    [Fact]
    public async Task A_published_volume_is_at_its_target_and_unpublished_leaves_nothing()
    {
        await CreateAsync("a");
        await StageAsync();
        var before = State();
        await PublishAsync();
        await PublishAsync();
        await File.WriteAllTextAsync(Target + "/file", "content");
        Assert.Equal("content", await File.ReadAllTextAsync(Staging + "/file"));
        Assert.Single(MountTable.Read().At(Target));
        await UnpublishAsync();
        Assert.False(Directory.Exists(Target));
        await UnpublishAsync();
        Assert.Equal(before, State().Where(line => !line.StartsWith(Staging + "/file", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Other_options_on_the_same_target_are_refused()
    {
        await CreateAsync("a");
        await StageAsync(use: Use("nosuid"));
        await PublishAsync(use: Use("nosuid"), readOnly: true);
        var before = State();
        await PublishAsync(use: Use("nosuid"), readOnly: true);
        await PublishAsync(use: Use(), readOnly: true);
        await PublishAsync(use: Use("ro", "discard"));
        await FailsAsync(VolumeError.AlreadyExists, () => PublishAsync(use: Use("nosuid")));
        await FailsAsync(VolumeError.AlreadyExists, () => PublishAsync(use: Use("nosuid", "noexec"), readOnly: true));
        await FailsAsync(VolumeError.AlreadyExists, () => PublishAsync(use: Use("noatime"), readOnly: true));
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task A_read_only_publish_cannot_be_written_and_others_can()
    {
        await CreateAsync("a");
        await StageAsync();
        await PublishAsync(readOnly: true);
        await PublishAsync(target: Folder + "/other");
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllTextAsync(Target + "/file", ""));
        await File.WriteAllTextAsync(Folder + "/other/file", "content");
        Assert.Equal("content", await File.ReadAllTextAsync(Target + "/file"));
    }

    [Theory]
    [InlineData(AccessMode.SingleNodeWriter, true)]
    [InlineData(AccessMode.SingleNodeMultiWriter, true)]
    [InlineData(AccessMode.SingleNodeReaderOnly, true)]
    [InlineData(AccessMode.MultiNodeReaderOnly, true)]
    [InlineData(AccessMode.SingleNodeSingleWriter, false)]
    public async Task A_second_target_depends_on_the_access_mode(AccessMode mode, bool allowed)
    {
        await CreateAsync("a");
        await StageAsync();
        var use = Use() with { AccessMode = mode };
        await PublishAsync(use: use);
        await PublishAsync(use: use);
        if (allowed) await PublishAsync(target: Folder + "/other", use: use);
        else Assert.Contains(Target, (await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync(target: Folder + "/other", use: use))).Message);
        Assert.Equal(allowed, Directory.Exists(Folder + "/other"));

        await UnpublishAsync();
        await PublishAsync(target: Folder + "/other", use: use);
    }

    [Fact]
    public async Task A_volume_that_is_published_is_not_unstaged()
    {
        await CreateAsync("a");
        await StageAsync();
        await PublishAsync();
        var before = State();
        Assert.Contains(Target, (await FailsAsync(VolumeError.FailedPrecondition, () => UnstageAsync())).Message);
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task A_volume_that_is_not_staged_there_is_not_published()
    {
        await CreateAsync("a");
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync());
        Directory.CreateDirectory(Folder + "/elsewhere");
        await StageAsync(path: Folder + "/elsewhere");
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync());
        await FailsAsync(VolumeError.FailedPrecondition, () => Node.PublishAsync("a", Folder + "/absent", Target, Use(), readOnly: false, CancellationToken.None));
        Assert.False(Path.Exists(Target));
    }

    [Theory]
    [InlineData("relative", VolumeError.InvalidArgument)]
    [InlineData("{0}/link", VolumeError.InvalidArgument)]
    [InlineData("{0}/a/../b", VolumeError.InvalidArgument)]
    [InlineData("{0}/a\0b", VolumeError.InvalidArgument)]
    [InlineData("{0}/staging", VolumeError.InvalidArgument)]
    [InlineData("{0}/absent/target", VolumeError.FailedPrecondition)]
    [InlineData("{0}/file", VolumeError.FailedPrecondition)]
    [InlineData("{0}/mounted", VolumeError.FailedPrecondition)]
    public async Task A_target_that_cannot_be_is_refused_and_changes_nothing(string target, VolumeError error)
    {
        await CreateAsync("a");
        await StageAsync();
        await File.WriteAllTextAsync(Folder + "/file", "mine");
        File.CreateSymbolicLink(Folder + "/link", Folder);
        Directory.CreateDirectory(Folder + "/mounted");
        Assert.Equal(0, Syscalls.Mount("test", Folder + "/mounted", "tmpfs", MountFlags.None, ""));
        target = target.Replace("{0}", Folder, StringComparison.Ordinal);
        var before = State();
        await FailsAsync(error, () => PublishAsync(target: target));
        if (error == VolumeError.FailedPrecondition && !target.Contains("absent", StringComparison.Ordinal))
            await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync(target: target));
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task A_target_that_is_in_use_stays_mounted()
    {
        await CreateAsync("a");
        await StageAsync();
        await PublishAsync();
        await using (File.Create(Target + "/open"))
            await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync());
        Assert.NotNull(MountTable.Read().Top(Target));
        await UnpublishAsync();
    }

    [Fact]
    public async Task What_was_written_beside_the_volume_is_not_removed()
    {
        await CreateAsync("a");
        await StageAsync();
        Directory.CreateDirectory(Target);
        await File.WriteAllTextAsync(Target + "/precious", "");
        await PublishAsync();
        Assert.Contains("not empty", (await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync())).Message);
        Assert.True(File.Exists(Target + "/precious"));
    }

    [Theory]
    [InlineData(FaultPoints.PublishTarget, false)]
    [InlineData(FaultPoints.PublishBound, false)]
    [InlineData(FaultPoints.PublishTarget, true)]
    [InlineData(FaultPoints.PublishBound, true)]
    public async Task Publishing_that_ended_half_way_is_completed_or_undone(string point, bool block)
    {
        await CreateAsync("a", block: block);
        var use = block ? Block : Use();
        await StageAsync(use: use);
        Assert.True(await Crash.AtAsync(point, () => PublishAsync(use: use, readOnly: true)));
        Restart();
        await PublishAsync(use: use, readOnly: true);
        Assert.True(MountTable.Read().Top(Target)!.Flags.HasFlag(MountFlags.ReadOnly));
        Assert.True(await Crash.AtAsync(FaultPoints.UnpublishUnmounted, () => UnpublishAsync()));
        Restart();
        await UnpublishAsync();
        Assert.False(Path.Exists(Target));
        await UnstageAsync();
    }

    [Fact]
    public async Task A_raw_volume_is_its_device_at_the_target()
    {
        await CreateAsync("a", block: true);
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync(use: Block));
        await StageAsync(use: Block);
        await PublishAsync(use: Block);
        await PublishAsync(use: Block);
        await FailsAsync(VolumeError.AlreadyExists, () => PublishAsync(use: Block, readOnly: true));
        await PublishAsync(target: Folder + "/other", use: Block);
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync(target: Folder + "/third", use: Block with { AccessMode = AccessMode.SingleNodeSingleWriter }));

        Assert.Equal(0, Syscalls.Status(Target, out var status));
        Assert.Equal((FileKind.BlockDevice, Disks.Find("a")!.Number), (status.Kind, status.Device));
        await using (var device = File.OpenWrite(Target))
        {
            device.Write("raw"u8);
            device.Flush(flushToDisk: true);
        }

        Assert.Contains(Target, (await FailsAsync(VolumeError.FailedPrecondition, () => UnstageAsync())).Message);
        await UnpublishAsync();
        await UnpublishAsync(target: Folder + "/other");
        Assert.False(Path.Exists(Target));
        await UnstageAsync();
        await using var image = File.OpenRead(Image("a"));
        Assert.Equal((byte)'r', image.ReadByte());
    }

    [Fact]
    public async Task What_a_disk_that_is_gone_left_on_a_target_is_taken_away()
    {
        const string node = "/dev/csi-tcmu-test-node";
        await CreateAsync("a", block: true);
        await StageAsync(use: Block);
        Assert.Equal(0, (await Tool.RunAsync("mknod", [node, "b", "259", "4095"])).ExitCode);
        await File.WriteAllTextAsync(Target, "");
        Assert.Equal(0, Syscalls.Bind(node, Target, MountFlags.RelativeAccessTime));
        await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync());
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishAsync(use: Block));

        // The kernel removes a disk's node with the disk.
        File.Delete(node);
        await PublishAsync(use: Block);
        Assert.Equal("/" + Disks.Find("a")!.Name, MountTable.Read().Top(Target)!.Root);
        Assert.Single(MountTable.Read().At(Target));
        await UnpublishAsync();

        await File.WriteAllTextAsync(Target, "");
        Assert.Equal(0, (await Tool.RunAsync("mknod", [node, "b", "259", "4095"])).ExitCode);
        Assert.Equal(0, Syscalls.Bind(node, Target, MountFlags.RelativeAccessTime));
        File.Delete(node);
        await UnpublishAsync("unknown");
        Assert.False(Path.Exists(Target));
    }

    [Fact]
    public async Task A_target_is_worked_on_by_one_call_at_a_time()
    {
        await CreateAsync("a");
        await StageAsync();
        using var pause = new Pause(FaultPoints.PublishTarget);
        var first = PublishAsync(use: Alone);
        pause.WaitUntilReached();
        await FailsAsync(VolumeError.Aborted, () => PublishAsync(use: Alone));
        await FailsAsync(VolumeError.Aborted, () => UnstageAsync());
        await FailsAsync(VolumeError.Aborted, () => UnpublishAsync("b"));
        pause.GoOn();
        await first;
    }
}

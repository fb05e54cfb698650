using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Tools;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

/// <summary>Snapshots of mounted volumes, and copies that are mounted beside their source.</summary>
public sealed class NodeSnapshotTests : NodeTest
{
    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task Copy_is_mounted_larger_beside_its_source(string fileSystem)
    {
        var volume = await CreateAsync("a", fileSystem);
        await StageAsync();
        await File.WriteAllTextAsync(Staging + "/file", "not synced");
        await SnapshotAsync(freeze: true);
        await File.WriteAllTextAsync(Staging + "/later", "x");
        await CopyAsync("b", 2 * volume.Size);

        var beside = Directory.CreateDirectory(Folder + "/beside").FullName;
        Assert.True(await Crash.AtAsync(FaultPoints.StageMounted, () => StageAsync("b", beside)));
        Assert.InRange(SizeOf(beside), 0, volume.Size);
        await StageAsync("b", beside);
        Assert.InRange(SizeOf(beside), volume.Size + 1, 2 * volume.Size);
        Assert.Equal("not synced", await File.ReadAllTextAsync(beside + "/file"));
        Assert.False(File.Exists(beside + "/later"));
        Assert.NotEqual(Disks.Find("a")!.Number, Disks.Find("b")!.Number);
        Assert.DoesNotContain("growAtStage", await File.ReadAllTextAsync(Descriptor("b")));

        // Each goes its own way.
        await File.WriteAllTextAsync(beside + "/own", "b");
        Assert.False(File.Exists(Staging + "/own"));
        await UnstageAsync("b", beside);
        await StageAsync("b", beside);
        Assert.Equal("b", await File.ReadAllTextAsync(beside + "/own"));
        await UnstageAsync("b", beside);
        await UnstageAsync();
    }

    [Fact]
    public async Task A_file_system_that_a_crash_left_frozen_is_thawed()
    {
        await CreateAsync("a");
        await StageAsync();
        Assert.Equal(0, await OutOfProcess.FreezeAsync(Staging));
        await File.WriteAllTextAsync(Mark, Staging);
        await UnstageAsync();
        Assert.False(File.Exists(Mark));

        // The same without a mount: a mark of before the machine's restart.
        await File.WriteAllTextAsync(Mark, Staging);
        await StageAsync();
        Assert.Equal(0, await OutOfProcess.FreezeAsync(Staging));
        await Catalogue.Freezes.ThawLeftAsync(Catalogue.Require("a"));
        Assert.Equal(-Errno.InvalidArgument, await OutOfProcess.ThawAsync(Staging));
        Assert.False(File.Exists(Mark));
        await UnstageAsync();
    }

    [Fact]
    public async Task Somebody_elses_freeze_is_told_and_left_alone()
    {
        await CreateAsync("a");
        await StageAsync();
        Assert.Equal(0, await OutOfProcess.FreezeAsync(Staging));
        Assert.Contains("is frozen already", (await FailsAsync(VolumeError.FailedPrecondition, () => SnapshotAsync(freeze: true))).Message);
        Assert.False(File.Exists(Mark));
        Assert.Equal(-Errno.Busy, await OutOfProcess.FreezeAsync(Staging));
        Assert.Equal(0, await OutOfProcess.ThawAsync(Staging));
        await SnapshotAsync(freeze: true);

        // Thawed, or this would wait.
        await File.WriteAllTextAsync(Staging + "/file", "x").WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(-Errno.InvalidArgument, await OutOfProcess.ThawAsync(Staging));
        await UnstageAsync();
    }

    [Fact]
    public async Task Raw_copy_of_a_mounted_volume_and_back_is_never_formatted()
    {
        await CreateAsync("a");
        await StageAsync();
        await File.WriteAllTextAsync(Staging + "/file", "x");
        await SnapshotAsync(freeze: true);
        await UnstageAsync();
        await CopyAsync("raw", 0, block: true);
        await StageAsync("raw", use: Block);
        await UnstageAsync("raw");
        await Catalogue.CreateAsync(Of("b", 0) with { Source = new VolumeSource(VolumeSourceKind.Volume, "raw") }, CancellationToken.None);
        await StageAsync("b");
        Assert.Equal("x", await File.ReadAllTextAsync(Staging + "/file"));
        await UnstageAsync("b");
        await Catalogue.CreateAsync(Of("c", 0, fileSystem: "xfs") with { Size = new SizeRange(320 * Mebibyte, 0), Source = new VolumeSource(VolumeSourceKind.Volume, "raw") }, CancellationToken.None);
        Assert.Contains("nothing is overwritten", (await FailsAsync(VolumeError.FailedPrecondition, () => StageAsync("c"))).Message);
    }

    private string Mark => Path.GetDirectoryName(Image("a")) + "/frozen";

    private Task<Snapshot> SnapshotAsync(bool freeze) => Catalogue.CreateSnapshotAsync(
        new SnapshotWish { Name = "s", SourceVolumeId = "a", Parameters = new Dictionary<string, string> { ["freeze"] = freeze ? "true" : "false" } }, CancellationToken.None);

    private Task<Volume> CopyAsync(string name, long size, bool block = false) => Catalogue.CreateAsync(
        Of(name, size, block: block) with { Source = new VolumeSource(VolumeSourceKind.Snapshot, "s") }, CancellationToken.None);

    private static long SizeOf(string path)
    {
        Assert.NotNull(MountTable.Read().Top(path));
        Assert.Equal(0, Syscalls.FileSystem(path, out var status));
        return status.TotalBytes;
    }
}

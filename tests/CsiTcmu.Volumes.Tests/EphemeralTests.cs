using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class EphemeralTests : NodeTest
{
    private const string Id = "csi-0c4d";

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task An_ephemeral_volume_is_made_mounted_and_undone(string fileSystem)
    {
        var before = State();
        await PublishInlineAsync(Id, ("size", "320Mi"), ("csi.storage.k8s.io/fstype", fileSystem), ("csi.storage.k8s.io/pod.name", "p"), ("csi.storage.k8s.io/ephemeral", "true"));
        await File.WriteAllTextAsync(Target + "/file", "content");
        await PublishInlineAsync(Id, ("size", "320Mi"), ("csi.storage.k8s.io/fstype", fileSystem));
        Assert.Equal("content", await File.ReadAllTextAsync(Target + "/file"));
        var mount = Assert.Single(MountTable.Read().At(Target));
        Assert.Equal(fileSystem, mount.FileSystem);
        var use = await Node.GetStatisticsAsync(Id, Target, CancellationToken.None);
        Assert.InRange(use.TotalBytes, 200 * Mebibyte, 320 * Mebibyte);

        for (var i = 0; i < 2; i++) await UnpublishAsync(Id);
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task No_other_call_knows_an_ephemeral_volume()
    {
        await PublishInlineAsync(Id, ("size", "32Mi"));
        var own = VolumeId.OfEphemeral(Id);
        foreach (var id in new[] { Id, own })
        {
            await Catalogue.DeleteAsync(id, CancellationToken.None);
            await FailsAsync(VolumeError.NotFound, () => Catalogue.GetAsync(id, CancellationToken.None));
            await FailsAsync(VolumeError.NotFound, () => Catalogue.ExpandAsync(id, new SizeRange(64 * Mebibyte, 0), CancellationToken.None));
            await FailsAsync(VolumeError.NotFound, () => Catalogue.ModifyAsync(id, new Dictionary<string, string> { ["iops"] = "100" }, CancellationToken.None));
            await FailsAsync(VolumeError.NotFound, () => StageAsync(id));
            await FailsAsync(VolumeError.NotFound, () => PublishAsync(id, Folder + "/other"));
            await FailsAsync(VolumeError.NotFound, () => Node.ExpandAsync(id, Target, default, VolumeSecrets.None, CancellationToken.None));
            await UnstageAsync(id);
        }

        await FailsAsync(VolumeError.NotFound, () => Node.GetStatisticsAsync(own, Target, CancellationToken.None));
        await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync(own));
        Assert.Empty((await Catalogue.ListAsync(0, "", CancellationToken.None)).Volumes);
        Assert.NotNull(MountTable.Read().Top(Target));
        await UnpublishAsync(Id);
    }

    [Fact]
    public async Task Its_room_is_promised()
    {
        var before = await AvailableAsync();
        await PublishInlineAsync(Id, ("size", "256Mi"));
        Assert.InRange(before - await AvailableAsync(), 256 * Mebibyte, 260 * Mebibyte);
        await FailsAsync(VolumeError.Exhausted, () => PublishInlineAsync("csi-other", readOnly: false, Folder + "/other", ("size", "100Gi")));
        Assert.False(Directory.Exists(Folder + "/other"));
        await UnpublishAsync(Id);
        Assert.InRange(await AvailableAsync(), before - Mebibyte, before + Mebibyte);
    }

    [Theory]
    [InlineData("size", "much", VolumeError.InvalidArgument, "'size' is 'much'")]
    [InlineData("size", "0", VolumeError.InvalidArgument, "'size' is '0'")]
    [InlineData("size", "100Gi", VolumeError.Exhausted, "room")]
    [InlineData("pool", "other", VolumeError.InvalidArgument, "pool 'other'")]
    [InlineData("colour", "red", VolumeError.InvalidArgument, "'colour'")]
    [InlineData("csi.storage.k8s.io/fstype", "ntfs", VolumeError.InvalidArgument, "ntfs")]
    [InlineData("encrypted", "true", VolumeError.InvalidArgument, "nodePublishSecretRef")]
    [InlineData("mkfsOptions", "-b 77", VolumeError.FailedPrecondition, "77")]
    public async Task What_cannot_be_is_refused_and_leaves_nothing(string key, string value, VolumeError error, string says)
    {
        var before = State();
        Assert.Contains(says, (await FailsAsync(error, () => PublishInlineAsync(Id, (key, value)))).Message);
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task Another_use_or_place_is_refused_and_changes_nothing()
    {
        await CreateAsync("regular");
        await PublishInlineAsync(Id, ("size", "32Mi"));
        await File.WriteAllTextAsync(Target + "/file", "content");
        var before = State();
        await FailsAsync(VolumeError.AlreadyExists, () => PublishInlineAsync(Id, ("size", "64Mi")));
        await FailsAsync(VolumeError.AlreadyExists, () => PublishInlineAsync(Id, readOnly: true, target: null, ("size", "32Mi")));
        await FailsAsync(VolumeError.FailedPrecondition, () => PublishInlineAsync(Id, readOnly: false, Folder + "/other", ("size", "32Mi")));
        await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync(Id, Folder + "/other"));
        await FailsAsync(VolumeError.AlreadyExists, () => PublishInlineAsync("regular", ("size", "32Mi")));
        Assert.Contains("something else", (await FailsAsync(VolumeError.FailedPrecondition, () => PublishInlineAsync("csi-other", ("size", "32Mi")))).Message);
        await FailsAsync(
            VolumeError.FailedPrecondition,
            () => Node.PublishEphemeralAsync("csi-raw", Folder + "/raw", Block, new Dictionary<string, string>(), readOnly: false, CancellationToken.None));
        Assert.Equal(before, State());
        await UnpublishAsync(Id);
    }

    [Fact]
    public async Task Read_only_is_read_only()
    {
        await PublishInlineAsync(Id, readOnly: true, target: null, ("size", "32Mi"));
        await PublishInlineAsync(Id, readOnly: true, target: null, ("size", "32Mi"));
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllTextAsync(Target + "/file", ""));
        await UnpublishAsync(Id);
    }

    [Fact]
    public async Task A_volume_in_use_stays_whole()
    {
        await PublishInlineAsync(Id, ("size", "32Mi"));
        await using (File.Create(Target + "/open"))
            await FailsAsync(VolumeError.FailedPrecondition, () => UnpublishAsync(Id));
        Assert.True(File.Exists(Target + "/open"));
        await UnpublishAsync(Id);
    }

    [Fact]
    public async Task Data_outlives_the_node_and_a_refusal()
    {
        await PublishInlineAsync(Id, ("size", "32Mi"));
        await File.WriteAllTextAsync(Target + "/file", "content");

        // A node that starts again has the pool and nothing else.
        Assert.Empty(Node.FindUnpublished());
        Assert.Equal(0, Syscalls.Unmount(Target));
        Assert.Equal(Id, Assert.Single(Node.FindUnpublished()).Descriptor.Name);
        Disks.DetachAll();
        Restart();
        Assert.Equal(Id, Assert.Single(Node.FindUnpublished()).Descriptor.Name);
        await FailsAsync(VolumeError.InvalidArgument, () => PublishInlineAsync(Id, ("size", "32Mi"), ("colour", "red")));
        await PublishInlineAsync(Id, ("size", "32Mi"));
        Assert.Equal("content", await File.ReadAllTextAsync(Target + "/file"));
        await UnpublishAsync(Id);
    }

    [Fact]
    public async Task One_whose_target_is_gone_with_all_folders_is_removed_by_its_id()
    {
        var before = State();
        await PublishInlineAsync(Id, ("size", "32Mi"));
        Assert.Equal(0, Syscalls.Unmount(Target));
        Directory.Delete(Target);
        Disks.DetachAll();
        Restart();
        await UnpublishAsync(Node.FindUnpublished()[0].Descriptor.Name, Folder + "/of/a/pod/that/is/gone");
        Assert.Equal(before, State());
    }

    [Theory]
    [InlineData(FaultPoints.EphemeralCreated)]
    [InlineData(FaultPoints.EphemeralTarget)]
    [InlineData(FaultPoints.StageMade)]
    [InlineData(FaultPoints.EphemeralPublished)]
    public async Task Publishing_that_ended_half_way_is_completed_or_undone(string point)
    {
        var before = State();
        Assert.True(await Crash.AtAsync(point, () => PublishInlineAsync(Id, ("size", "32Mi"))));
        Restart();
        await UnpublishAsync(Id);
        Assert.Equal(before, State());

        Assert.True(await Crash.AtAsync(point, () => PublishInlineAsync(Id, ("size", "32Mi"))));
        Restart();
        await PublishInlineAsync(Id, ("size", "32Mi"));
        await File.WriteAllTextAsync(Target + "/file", "content");
        await UnpublishAsync(Id);
        Assert.Equal(before, State());
    }

    [Theory]
    [InlineData(FaultPoints.RetireUnmounted)]
    [InlineData(FaultPoints.UnstageUnlinked)]
    [InlineData(FaultPoints.RetireDetached)]
    [InlineData(FaultPoints.DeleteRenamed)]
    [InlineData(FaultPoints.DeleteImage)]
    public async Task Undoing_that_ended_half_way_is_completed(string point)
    {
        var before = State();
        await PublishInlineAsync(Id, ("size", "32Mi"));
        Assert.True(await Crash.AtAsync(point, () => UnpublishAsync(Id)));
        Restart();
        await UnpublishAsync(Id);
        Assert.Equal(before, State());
    }

    private Task PublishInlineAsync(string id, params (string Key, string Value)[] context) => PublishInlineAsync(id, readOnly: false, null, context);

    private Task PublishInlineAsync(string id, bool readOnly, string? target, params (string Key, string Value)[] context) => Node.PublishEphemeralAsync(
        id, target ?? Target, Use(), context.ToDictionary(pair => pair.Key, pair => pair.Value), readOnly, CancellationToken.None);

    private async Task<long> AvailableAsync() =>
        (await Catalogue.GetRoomAsync(new Dictionary<string, string>(StringComparer.Ordinal), "ext4", block: false, CancellationToken.None)).Available;
}

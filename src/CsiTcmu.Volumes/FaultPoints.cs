namespace CsiTcmu.Volumes;

/// <summary>
/// Names of the places between two steps of an operation. Nothing happens there in the product; tests watch them to end the process at
/// each, and see that the repeated operation ends right.
/// </summary>
public static class FaultPoints
{
    /// <summary>Create: the volume's folder is there under its temporary name.</summary>
    public const string CreateFolder = "create.folder";

    /// <summary>Create: the image has its size.</summary>
    public const string CreateImage = "create.image";

    /// <summary>Create: the descriptor is written.</summary>
    public const string CreateDescriptor = "create.descriptor";

    /// <summary>Create: the folder has its name.</summary>
    public const string CreateRenamed = "create.renamed";

    /// <summary>Create: the name is durable.</summary>
    public const string CreateDurable = "create.durable";

    /// <summary>Create from a source: the volume's folder is there under its temporary name.</summary>
    public const string CopyFolder = "copy.folder";

    /// <summary>Create from a source: nobody writes the source.</summary>
    public const string CopyHeld = "copy.held";

    /// <summary>Create from a source: the image is whole and has its size.</summary>
    public const string CopyImage = "copy.image";

    /// <summary>Create from a source: the descriptor is written.</summary>
    public const string CopyDescriptor = "copy.descriptor";

    /// <summary>Create from a source: the folder has its name.</summary>
    public const string CopyRenamed = "copy.renamed";

    /// <summary>Create from a source: the name is durable.</summary>
    public const string CopyDurable = "copy.durable";

    /// <summary>Snapshot: the folder is there under its temporary name.</summary>
    public const string SnapshotFolder = "snapshot.folder";

    /// <summary>Snapshot: the volume's file system is frozen.</summary>
    public const string SnapshotFrozen = "snapshot.frozen";

    /// <summary>Snapshot: the volume's disk is held.</summary>
    public const string SnapshotHeld = "snapshot.held";

    /// <summary>Snapshot: the image is whole, the disk is not held any more.</summary>
    public const string SnapshotImage = "snapshot.image";

    /// <summary>Snapshot: the descriptor is written.</summary>
    public const string SnapshotDescriptor = "snapshot.descriptor";

    /// <summary>Snapshot: the folder has its name.</summary>
    public const string SnapshotRenamed = "snapshot.renamed";

    /// <summary>Snapshot: the name is durable.</summary>
    public const string SnapshotDurable = "snapshot.durable";

    /// <summary>Deletion of a snapshot: the folder has its temporary name.</summary>
    public const string DropRenamed = "drop.renamed";

    /// <summary>Deletion of a snapshot: the image is unlinked.</summary>
    public const string DropImage = "drop.image";

    /// <summary>Deletion of a snapshot: the folder is gone.</summary>
    public const string DropFolder = "drop.folder";

    /// <summary>Group snapshot: a member's folder is there under its temporary name.</summary>
    public const string GroupFolder = "group.folder";

    /// <summary>Group snapshot: the volumes' file systems are frozen.</summary>
    public const string GroupFrozen = "group.frozen";

    /// <summary>Group snapshot: all disks are held.</summary>
    public const string GroupHeld = "group.held";

    /// <summary>Group snapshot: a member's image is whole.</summary>
    public const string GroupImage = "group.image";

    /// <summary>Group snapshot: a member's descriptor is written.</summary>
    public const string GroupDescriptor = "group.descriptor";

    /// <summary>Group snapshot: a member has its name.</summary>
    public const string GroupRenamed = "group.renamed";

    /// <summary>Group snapshot: that name is durable.</summary>
    public const string GroupDurable = "group.durable";

    /// <summary>Group snapshot: the record that makes the members a group is written.</summary>
    public const string GroupRecorded = "group.recorded";

    /// <summary>Deletion of a group: the record is gone, the members are not.</summary>
    public const string UngroupRecord = "ungroup.record";

    /// <summary>Deletion of a group: a member is gone.</summary>
    public const string UngroupMember = "ungroup.member";

    /// <summary>Delete: the folder has its temporary name.</summary>
    public const string DeleteRenamed = "delete.renamed";

    /// <summary>Delete: the image is unlinked.</summary>
    public const string DeleteImage = "delete.image";

    /// <summary>Delete: the folder is gone.</summary>
    public const string DeleteFolder = "delete.folder";

    /// <summary>Expand: the image has its new size.</summary>
    public const string ExpandImage = "expand.image";

    /// <summary>Expand: the descriptor has the new size.</summary>
    public const string ExpandDescriptor = "expand.descriptor";

    /// <summary>Expand: the disk reports the new size to who asks.</summary>
    public const string ExpandDisk = "expand.disk";

    /// <summary>Expand: the kernel's target device has the new size.</summary>
    public const string ExpandDevice = "expand.device";

    /// <summary>Expand: the initiator has looked again.</summary>
    public const string ExpandRescan = "expand.rescan";

    /// <summary>Expand of an encrypted volume: its mapping is grown.</summary>
    public const string ExpandMapping = "expand.mapping";

    /// <summary>Expand: the file system is grown.</summary>
    public const string ExpandFileSystem = "expand.filesystem";

    /// <summary>Modify: the descriptor has the new limits.</summary>
    public const string ModifyDescriptor = "modify.descriptor";

    /// <summary>Modify: the disk has them.</summary>
    public const string ModifyDisk = "modify.disk";

    /// <summary>Stage: the target device exists.</summary>
    public const string StageDevice = "stage.device";

    /// <summary>Stage: its ring is mapped.</summary>
    public const string StageOpened = "stage.opened";

    /// <summary>Stage: it is served.</summary>
    public const string StageServed = "stage.served";

    /// <summary>Stage: the LUN is linked.</summary>
    public const string StageLinked = "stage.linked";

    /// <summary>Stage: the block device is there and is the right one.</summary>
    public const string StageDisk = "stage.disk";

    /// <summary>Stage: the descriptor says that formatting begins.</summary>
    public const string StageFormatting = "stage.formatting";

    /// <summary>Stage of an encrypted volume: its header is written.</summary>
    public const string StageEncrypted = "stage.encrypted";

    /// <summary>Stage of an encrypted volume: its content is mapped.</summary>
    public const string StageMapped = "stage.mapped";

    /// <summary>Stage: mkfs has ended, the descriptor does not say so yet.</summary>
    public const string StageMade = "stage.made";

    /// <summary>Stage: the descriptor says that the volume is formatted.</summary>
    public const string StageFormatted = "stage.formatted";

    /// <summary>Stage: the file system is mounted.</summary>
    public const string StageMounted = "stage.mounted";

    /// <summary>Stage: the file system of a volume that is larger than its source is grown, the descriptor does not say so yet.</summary>
    public const string StageGrown = "copystage.grown";

    /// <summary>Publish: the target exists.</summary>
    public const string PublishTarget = "publish.target";

    /// <summary>Publish: the target is bound.</summary>
    public const string PublishBound = "publish.bound";

    /// <summary>Unpublish: the target is not mounted any more.</summary>
    public const string UnpublishUnmounted = "unpublish.unmounted";

    /// <summary>Unstage: the file system is not mounted any more.</summary>
    public const string UnstageUnmounted = "unstage.unmounted";

    /// <summary>Unstage of an encrypted volume: its mapping is gone.</summary>
    public const string UnstageClosed = "unstage.closed";

    /// <summary>Unstage: the LUN is unlinked.</summary>
    public const string UnstageUnlinked = "unstage.unlinked";

    /// <summary>Unstage: nobody serves the device any more.</summary>
    public const string UnstageStopped = "unstage.stopped";

    /// <summary>Unstage: the target device is gone.</summary>
    public const string UnstageRemoved = "unstage.removed";

    /// <summary>Publish of an ephemeral volume: the volume is made.</summary>
    public const string EphemeralCreated = "ephemeral.created";

    /// <summary>Publish of an ephemeral volume: the target exists.</summary>
    public const string EphemeralTarget = "ephemeral.target";

    /// <summary>Publish of an ephemeral volume: it is mounted.</summary>
    public const string EphemeralPublished = "ephemeral.published";

    /// <summary>Unpublish of an ephemeral volume: the target is gone.</summary>
    public const string RetireUnmounted = "retire.unmounted";

    /// <summary>Unpublish of an ephemeral volume: its disk is gone.</summary>
    public const string RetireDetached = "retire.detached";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        CreateFolder, CreateImage, CreateDescriptor, CreateRenamed, CreateDurable,
        CopyFolder, CopyHeld, CopyImage, CopyDescriptor, CopyRenamed, CopyDurable,
        SnapshotFolder, SnapshotFrozen, SnapshotHeld, SnapshotImage, SnapshotDescriptor, SnapshotRenamed, SnapshotDurable,
        DropRenamed, DropImage, DropFolder,
        GroupFolder, GroupFrozen, GroupHeld, GroupImage, GroupDescriptor, GroupRenamed, GroupDurable, GroupRecorded,
        UngroupRecord, UngroupMember,
        DeleteRenamed, DeleteImage, DeleteFolder,
        ExpandImage, ExpandDescriptor, ExpandDisk, ExpandDevice, ExpandRescan, ExpandMapping, ExpandFileSystem,
        ModifyDescriptor, ModifyDisk,
        StageDevice, StageOpened, StageServed, StageLinked, StageDisk, StageFormatting, StageEncrypted, StageMapped, StageMade, StageFormatted,
        StageMounted, StageGrown,
        PublishTarget, PublishBound, UnpublishUnmounted,
        UnstageUnmounted, UnstageClosed, UnstageUnlinked, UnstageStopped, UnstageRemoved,
        EphemeralCreated, EphemeralTarget, EphemeralPublished, RetireUnmounted, RetireDetached,
    ];

    /// <summary>Those that only an encrypted volume comes to.</summary>
    public static IReadOnlyList<string> Encrypted { get; } = [StageEncrypted, StageMapped, ExpandMapping, UnstageClosed];

    /// <summary>Is told every name that is reached; null in the product.</summary>
    internal static Action<string>? Observer { get; set; }

    /// <summary>Says that an operation is at that place.</summary>
    /// <param name="name">One of <see cref="All"/>.</param>
    public static void Reach(string name) => Observer?.Invoke(name);
}

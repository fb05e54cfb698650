namespace CsiTcmu.Volumes.Pools;

/// <summary>Fault points of the making of a folder.</summary>
internal sealed record CreationPoints(string Folder, string Image, string Descriptor, string Renamed, string Durable)
{
    /// <summary>The file systems are frozen.</summary>
    public string Frozen { get; init; } = "";

    /// <summary>The disks are held.</summary>
    public string Held { get; init; } = "";

    /// <summary>Of an empty volume.</summary>
    public static CreationPoints Volume { get; } = new(
        FaultPoints.CreateFolder, FaultPoints.CreateImage, FaultPoints.CreateDescriptor, FaultPoints.CreateRenamed, FaultPoints.CreateDurable);

    /// <summary>Of a volume that gets its bytes from a snapshot or another volume.</summary>
    public static CreationPoints Copy { get; } = new(
        FaultPoints.CopyFolder, FaultPoints.CopyImage, FaultPoints.CopyDescriptor, FaultPoints.CopyRenamed, FaultPoints.CopyDurable)
    {
        Held = FaultPoints.CopyHeld,
    };

    /// <summary>Of a snapshot.</summary>
    public static CreationPoints Snapshot { get; } = new(
        FaultPoints.SnapshotFolder, FaultPoints.SnapshotImage, FaultPoints.SnapshotDescriptor, FaultPoints.SnapshotRenamed, FaultPoints.SnapshotDurable)
    {
        Frozen = FaultPoints.SnapshotFrozen,
        Held = FaultPoints.SnapshotHeld,
    };

    /// <summary>Of a snapshot that belongs to a group.</summary>
    public static CreationPoints Member { get; } = new(
        FaultPoints.GroupFolder, FaultPoints.GroupImage, FaultPoints.GroupDescriptor, FaultPoints.GroupRenamed, FaultPoints.GroupDurable)
    {
        Frozen = FaultPoints.GroupFrozen,
        Held = FaultPoints.GroupHeld,
    };
}

/// <summary>Fault points of the removal of a folder.</summary>
internal sealed record DeletionPoints(string Renamed, string Image, string Folder)
{
    /// <summary>Of a volume.</summary>
    public static DeletionPoints Volume { get; } = new(FaultPoints.DeleteRenamed, FaultPoints.DeleteImage, FaultPoints.DeleteFolder);

    /// <summary>Of a snapshot, of a group's as well.</summary>
    public static DeletionPoints Snapshot { get; } = new(FaultPoints.DropRenamed, FaultPoints.DropImage, FaultPoints.DropFolder);
}

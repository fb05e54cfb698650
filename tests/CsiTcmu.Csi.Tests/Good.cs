using Csi.V1;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Csi.Tests;

/// <summary>Requests with nothing wrong in them; each call makes a new one.</summary>
internal static class Good
{
    public const string Staging = "/var/lib/kubelet/plugins/kubernetes.io/csi/csi-tcmu.io/abc/globalmount";
    public const string Target = "/var/lib/kubelet/pods/0b6c/volumes/kubernetes.io~csi/pvc-1/mount";
    public const long Gibibyte = 1L << 30;

    public static VolumeCapability Mount(Mode mode = Mode.SingleNodeWriter, string fsType = "", params string[] flags) => new()
    {
        Mount = new() { FsType = fsType, MountFlags = { flags } },
        AccessMode = new() { Mode = mode },
    };

    public static VolumeCapability Block(Mode mode = Mode.SingleNodeWriter) => new() { Block = new(), AccessMode = new() { Mode = mode } };

    public static CreateVolumeRequest Create(string name = "pvc-1") => new()
    {
        Name = name,
        CapacityRange = new() { RequiredBytes = Gibibyte },
        VolumeCapabilities = { Mount() },
    };

    public static DeleteVolumeRequest Delete(string id = "vol-0000") => new() { VolumeId = id };

    public static ValidateVolumeCapabilitiesRequest Validate(string id = "vol-0000") => new() { VolumeId = id, VolumeCapabilities = { Mount() } };

    public static ControllerExpandVolumeRequest Expand(string id = "vol-0000") => new()
    {
        VolumeId = id,
        CapacityRange = new() { RequiredBytes = 2 * Gibibyte },
    };

    public static ControllerModifyVolumeRequest Modify(string id = "vol-0000") => new() { VolumeId = id, MutableParameters = { ["iops"] = "500" } };

    public static ControllerGetVolumeRequest Get(string id = "vol-0000") => new() { VolumeId = id };

    public static NodeStageVolumeRequest Stage(string id = "vol-0000") => new()
    {
        VolumeId = id,
        StagingTargetPath = Staging,
        VolumeCapability = Mount(),
    };

    public static NodeUnstageVolumeRequest Unstage(string id = "vol-0000") => new() { VolumeId = id, StagingTargetPath = Staging };

    public static NodePublishVolumeRequest Publish(string id = "vol-0000") => new()
    {
        VolumeId = id,
        StagingTargetPath = Staging,
        TargetPath = Target,
        VolumeCapability = Mount(),
    };

    public static NodeUnpublishVolumeRequest Unpublish(string id = "vol-0000") => new() { VolumeId = id, TargetPath = Target };

    public static NodeGetVolumeStatsRequest Stats(string id = "vol-0000") => new() { VolumeId = id, VolumePath = Target, StagingTargetPath = Staging };

    public static NodeExpandVolumeRequest NodeExpand(string id = "vol-0000") => new()
    {
        VolumeId = id,
        VolumePath = Target,
        StagingTargetPath = Staging,
        CapacityRange = new() { RequiredBytes = 2 * Gibibyte },
    };

    public static CreateSnapshotRequest Snapshot(string name = "snapshot-1", string source = "vol-0000") => new() { Name = name, SourceVolumeId = source };

    public static DeleteSnapshotRequest DeleteSnapshot(string id = "snapshot-1") => new() { SnapshotId = id };

    public static GetSnapshotRequest GetSnapshot(string id = "snapshot-1") => new() { SnapshotId = id };

    public static CreateVolumeGroupSnapshotRequest Group(string name = "group-1", params string[] sources) => new()
    {
        Name = name,
        SourceVolumeIds = { sources.Length > 0 ? sources : ["vol-0000"] },
    };

    public static DeleteVolumeGroupSnapshotRequest DeleteGroup(string id = "group-1") => new() { GroupSnapshotId = id };

    public static GetVolumeGroupSnapshotRequest GetGroup(string id = "group-1") => new() { GroupSnapshotId = id };

    public static GetMetadataAllocatedRequest Allocated() => new() { SnapshotId = "snapshot-1" };

    public static GetMetadataDeltaRequest Delta() => new() { BaseSnapshotId = "snapshot-1", TargetSnapshotId = "snapshot-2" };

    public static CreateVolumeRequest From(string name, VolumeContentSource source, long size = 0) => new()
    {
        Name = name,
        CapacityRange = size > 0 ? new() { RequiredBytes = size } : null,
        VolumeCapabilities = { Mount() },
        VolumeContentSource = source,
    };

    public static VolumeContentSource SnapshotSource(string id) => new() { Snapshot = new() { SnapshotId = id } };

    public static VolumeContentSource VolumeSource(string id) => new() { Volume = new() { VolumeId = id } };
}

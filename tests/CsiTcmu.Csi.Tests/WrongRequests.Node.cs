using Csi.V1;
using Grpc.Core;

namespace CsiTcmu.Csi.Tests;

/// <summary>Requests to the node.</summary>
internal static partial class WrongRequests
{
    private static IEnumerable<Case> NodeStageVolume() =>
    [
        .. Texts(Stage, "volume_id", (r, value) => r.VolumeId = value),
        .. RequiredPaths(Stage, "staging_target_path", (r, value) => r.StagingTargetPath = value),
        Wrong(Stage, "no capability", r => r.VolumeCapability = null, "volume_capability is required"),
        .. Capabilities(Stage, "volume_capability", (r, value) => r.VolumeCapability = value, StatusCode.FailedPrecondition),
        .. Maps(Stage, "publish_context", r => r.PublishContext),
        .. Maps(Stage, "volume_context", r => r.VolumeContext),
        .. Maps(Stage, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> NodeUnstageVolume() =>
    [
        .. Texts(Unstage, "volume_id", (r, value) => r.VolumeId = value),
        .. RequiredPaths(Unstage, "staging_target_path", (r, value) => r.StagingTargetPath = value),
    ];

    private static IEnumerable<Case> NodePublishVolume() =>
    [
        .. Texts(Publish, "volume_id", (r, value) => r.VolumeId = value),
        .. RequiredPaths(Publish, "target_path", (r, value) => r.TargetPath = value),
        Wrong(Publish, "no capability", r => r.VolumeCapability = null, "volume_capability is required"),
        .. Capabilities(Publish, "volume_capability", (r, value) => r.VolumeCapability = value, StatusCode.FailedPrecondition),
        Wrong(Publish, "no staging path", r => r.StagingTargetPath = "", "staging_target_path is not set", StatusCode.FailedPrecondition),
        .. WrongPaths(Publish, "staging_target_path", (r, value) => r.StagingTargetPath = value, StatusCode.InvalidArgument),
        Wrong(Publish, "target is staging path", r => r.TargetPath = Good.Staging + "/", "lie within each other"),
        Wrong(Publish, "target within staging path", r => r.TargetPath = Good.Staging + "/x", "lie within each other"),
        Wrong(Publish, "staging path within target", r => r.TargetPath = "/var/lib/./kubelet//plugins", "lie within each other"),
        .. Maps(Publish, "publish_context", r => r.PublishContext),
        .. Maps(Publish, "volume_context", r => r.VolumeContext),
        .. Maps(Publish, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> NodeUnpublishVolume() =>
    [
        .. Texts(Unpublish, "volume_id", (r, value) => r.VolumeId = value),
        .. RequiredPaths(Unpublish, "target_path", (r, value) => r.TargetPath = value),
    ];

    private static IEnumerable<Case> NodeGetVolumeStats() =>
    [
        .. Texts(Stats, "volume_id", (r, value) => r.VolumeId = value),
        Wrong(Stats, "no volume_path", r => r.VolumePath = "", "volume_path is required"),
        .. WrongPaths(Stats, "volume_path", (r, value) => r.VolumePath = value, StatusCode.NotFound),
        .. WrongPaths(Stats, "staging_target_path", (r, value) => r.StagingTargetPath = value, StatusCode.InvalidArgument),
    ];

    private static IEnumerable<Case> NodeExpandVolume() =>
    [
        .. Texts(NodeExpand, "volume_id", (r, value) => r.VolumeId = value),
        Wrong(NodeExpand, "no volume_path", r => r.VolumePath = "", "volume_path is required"),
        .. WrongPaths(NodeExpand, "volume_path", (r, value) => r.VolumePath = value, StatusCode.NotFound),
        .. WrongPaths(NodeExpand, "staging_target_path", (r, value) => r.StagingTargetPath = value, StatusCode.InvalidArgument),
        .. Ranges(NodeExpand, (r, value) => r.CapacityRange = value),
        .. Capabilities(NodeExpand, "volume_capability", (r, value) => r.VolumeCapability = value, StatusCode.InvalidArgument),
        .. Maps(NodeExpand, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> NodeGetVolumeHealth() =>
    [
        .. Texts(NodeHealth, "volume_id", (r, value) => r.VolumeId = value),
        .. WrongPaths(NodeHealth, "volume_publish_path", (r, value) => r.VolumePublishPath = value, StatusCode.InvalidArgument),
        .. WrongPaths(NodeHealth, "staging_target_path", (r, value) => r.StagingTargetPath = value, StatusCode.InvalidArgument),
    ];

    private static IEnumerable<Case> NodeGetStorageHealth() => Maps(StorageHealth, "secrets", r => r.Secrets);

    private static NodeStageVolumeRequest Stage() => Good.Stage();

    private static NodeUnstageVolumeRequest Unstage() => Good.Unstage();

    private static NodePublishVolumeRequest Publish() => Good.Publish();

    private static NodeUnpublishVolumeRequest Unpublish() => Good.Unpublish();

    private static NodeGetVolumeStatsRequest Stats() => Good.Stats();

    private static NodeExpandVolumeRequest NodeExpand() => Good.NodeExpand();

    private static NodeGetVolumeHealthRequest NodeHealth() => new() { VolumeId = "vol-0000" };

    private static NodeGetStorageHealthRequest StorageHealth() => new();
}

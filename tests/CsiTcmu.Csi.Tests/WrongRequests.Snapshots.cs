using Csi.V1;
using Grpc.Core;

namespace CsiTcmu.Csi.Tests;

/// <summary>Requests of snapshots, groups and changed blocks.</summary>
internal static partial class WrongRequests
{
    private static IEnumerable<Case> Blocks() =>
    [
        .. Texts(Good.Allocated, "snapshot_id", (r, value) => r.SnapshotId = value),
        Wrong(Good.Allocated, "offset before the volume", r => r.StartingOffset = -1, "starting_offset is negative: -1", StatusCode.OutOfRange),
        Wrong(Good.Allocated, "fewer than no results", r => r.MaxResults = -1, "max_results is negative: -1"),
        .. Maps(Good.Allocated, "secrets", r => r.Secrets),
        .. Texts(Good.Delta, "base_snapshot_id", (r, value) => r.BaseSnapshotId = value),
        .. Texts(Good.Delta, "target_snapshot_id", (r, value) => r.TargetSnapshotId = value),
        Wrong(Good.Delta, "offset before the volume", r => r.StartingOffset = long.MinValue, "starting_offset is negative", StatusCode.OutOfRange),
        Wrong(Good.Delta, "fewer than no results", r => r.MaxResults = int.MinValue, "max_results is negative"),
        .. Maps(Good.Delta, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> Snapshots() =>
    [
        .. Texts(Snapshot, "name", (r, value) => r.Name = value),
        .. Texts(Snapshot, "source_volume_id", (r, value) => r.SourceVolumeId = value),
        .. Maps(Snapshot, "parameters", r => r.Parameters),
        .. Maps(Snapshot, "secrets", r => r.Secrets),
        Wrong(Snapshot, "other node", r => r.AccessibilityRequirements = new() { Requisite = { Place("csi-tcmu.io/node", "node-b") } },
            "excludes this node", StatusCode.ResourceExhausted),
        .. Texts(DeleteSnapshot, "snapshot_id", (r, value) => r.SnapshotId = value),
        .. Maps(DeleteSnapshot, "secrets", r => r.Secrets),
        .. Texts(GetSnapshot, "snapshot_id", (r, value) => r.SnapshotId = value),
        .. Maps(GetSnapshot, "secrets", r => r.Secrets),
        Wrong(ListSnapshots, "negative count", r => r.MaxEntries = -1, "max_entries is negative: -1"),
        Wrong(ListSnapshots, "huge token", r => r.StartingToken = new string('t', 129), "starting_token", StatusCode.Aborted),
        Wrong(ListSnapshots, "huge snapshot", r => r.SnapshotId = new string('s', 129), "snapshot_id is longer than 128 bytes"),
        Wrong(ListSnapshots, "huge source", r => r.SourceVolumeId = new string('s', 129), "source_volume_id is longer than 128 bytes"),
        .. Maps(ListSnapshots, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> Groups() =>
    [
        .. Texts(Group, "name", (r, value) => r.Name = value),
        Wrong(Group, "no source", r => r.SourceVolumeIds.Clear(), "source_volume_ids is required"),
        Wrong(Group, "empty source", r => r.SourceVolumeIds.Add(""), "source_volume_ids[1] is required"),
        .. Maps(Group, "parameters", r => r.Parameters),
        .. Maps(Group, "secrets", r => r.Secrets),
        .. Texts(DeleteGroup, "group_snapshot_id", (r, value) => r.GroupSnapshotId = value),
        Wrong(DeleteGroup, "empty snapshot", r => r.SnapshotIds.Add(""), "snapshot_ids[0] is required"),
        .. Maps(DeleteGroup, "secrets", r => r.Secrets),
        .. Texts(GetGroup, "group_snapshot_id", (r, value) => r.GroupSnapshotId = value),
        Wrong(GetGroup, "empty snapshot", r => r.SnapshotIds.Add(""), "snapshot_ids[0] is required"),
        .. Maps(GetGroup, "secrets", r => r.Secrets),
    ];

    private static CreateSnapshotRequest Snapshot() => Good.Snapshot();

    private static DeleteSnapshotRequest DeleteSnapshot() => Good.DeleteSnapshot();

    private static GetSnapshotRequest GetSnapshot() => Good.GetSnapshot();

    private static ListSnapshotsRequest ListSnapshots() => new();

    private static CreateVolumeGroupSnapshotRequest Group() => Good.Group();

    private static DeleteVolumeGroupSnapshotRequest DeleteGroup() => Good.DeleteGroup();

    private static GetVolumeGroupSnapshotRequest GetGroup() => Good.GetGroup();
}

using Csi.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Csi.Tests;

/// <summary>
/// Every request and every way to get it wrong, with the code and a part of the message of the refusal. What the requests share (ids,
/// paths, capabilities, capacities, maps) is put through the same wrong values wherever it occurs.
/// </summary>
internal static class WrongRequests
{
    public sealed record Case(string Name, IMessage Request, StatusCode Code, string Says);

    public static IReadOnlyDictionary<string, Case> All { get; } = MakeAll().ToDictionary(wrong => wrong.Name, StringComparer.Ordinal);

    private static IEnumerable<Case> MakeAll() =>
    [
        .. CreateVolume(), .. DeleteVolume(), .. ValidateVolumeCapabilities(), .. ListVolumes(), .. GetCapacity(), .. ControllerExpandVolume(),
        .. ControllerModifyVolume(), .. ControllerGetVolume(), .. NodeStageVolume(), .. NodeUnstageVolume(), .. NodePublishVolume(), .. NodeUnpublishVolume(),
        .. NodeGetVolumeStats(), .. NodeExpandVolume(), .. Snapshots(), .. Groups(), .. Blocks(), .. ControllerGetVolumeHealth(), .. ControllerListVolumeHealth(),
        .. NodeGetVolumeHealth(), .. NodeGetStorageHealth(),
    ];

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

    private static IEnumerable<Case> CreateVolume() =>
    [
        .. Texts(Create, "name", (r, value) => r.Name = value),
        Wrong(Create, "no capability", r => r.VolumeCapabilities.Clear(), "volume_capabilities is required"),
        .. Capabilities(Create, "volume_capabilities[0]", (r, value) => Set(r.VolumeCapabilities, value), StatusCode.InvalidArgument),
        Wrong(Create, "second capability without access mode", r => r.VolumeCapabilities.Add(new VolumeCapability { Block = new() }),
            "volume_capabilities[1].access_mode is required"),
        Wrong(Create, "block and mount", r => r.VolumeCapabilities.Add(Good.Block()), "both a raw block device and a mounted file system"),
        Wrong(Create, "ext4 and xfs",
            r => Set(r.VolumeCapabilities, Good.Mount(fsType: "ext4"), Good.Mount(fsType: "xfs")), "several file systems (ext4, xfs)"),
        Wrong(Create, "one mode of many supported", r => r.VolumeCapabilities.Add(Good.Mount(Mode.MultiNodeSingleWriter)),
            "MULTI_NODE_SINGLE_WRITER is not supported: a volume is on one node"),
        .. Ranges(Create, (r, value) => r.CapacityRange = value),
        .. Maps(Create, "parameters", r => r.Parameters),
        .. Maps(Create, "secrets", r => r.Secrets),
        .. Maps(Create, "mutable_parameters", r => r.MutableParameters),
        Wrong(Create, "empty source", r => r.VolumeContentSource = new(), "volume_content_source says neither snapshot nor volume"),
        Wrong(Create, "snapshot source without id", r => r.VolumeContentSource = new() { Snapshot = new() },
            "volume_content_source.snapshot.snapshot_id is required"),
        Wrong(Create, "volume source without id", r => r.VolumeContentSource = new() { Volume = new() },
            "volume_content_source.volume.volume_id is required"),
        Wrong(Create, "huge snapshot source", r => r.VolumeContentSource = Good.SnapshotSource(new string('s', 129)), "snapshot_id is longer than 128 bytes"),
        Wrong(Create, "empty requirements", r => r.AccessibilityRequirements = new(),
            "accessibility_requirements says neither requisite nor preferred"),
        Wrong(Create, "huge topology", r => r.AccessibilityRequirements = new() { Preferred = { Place("csi-tcmu.io/node", new string('x', 5000)) } },
            "accessibility_requirements segments is larger than 4096 bytes"),
        Wrong(Create, "other node", r => r.AccessibilityRequirements = new() { Requisite = { Place("csi-tcmu.io/node", "node-b") } },
            "excludes this node: volumes are made at csi-tcmu.io/node=node-a", StatusCode.ResourceExhausted),
        Wrong(Create, "this node in a zone that we do not know", r => r.AccessibilityRequirements = new()
        {
            Requisite = { new Topology { Segments = { ["csi-tcmu.io/node"] = "node-a", ["topology.kubernetes.io/zone"] = "z1" } } },
        }, "excludes this node", StatusCode.ResourceExhausted),
        Wrong(Create, "other node required, this one preferred", r => r.AccessibilityRequirements = new()
        {
            Requisite = { Place("csi-tcmu.io/node", "node-b") },
            Preferred = { Place("csi-tcmu.io/node", "node-a") },
        }, "excludes this node", StatusCode.ResourceExhausted),
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

    private static IEnumerable<Case> DeleteVolume() =>
    [
        .. Texts(Delete, "volume_id", (r, value) => r.VolumeId = value),
        .. Maps(Delete, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> ValidateVolumeCapabilities() =>
    [
        .. Texts(Validate, "volume_id", (r, value) => r.VolumeId = value),
        Wrong(Validate, "no capability", r => r.VolumeCapabilities.Clear(), "volume_capabilities is required"),
        .. MalformedCapabilities(Validate, "volume_capabilities[0]", (r, value) => Set(r.VolumeCapabilities, value)),
        .. Maps(Validate, "volume_context", r => r.VolumeContext),
        .. Maps(Validate, "parameters", r => r.Parameters),
        .. Maps(Validate, "mutable_parameters", r => r.MutableParameters),
        .. Maps(Validate, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> ListVolumes() =>
    [
        Wrong(List, "negative count", r => r.MaxEntries = -1, "max_entries is negative: -1"),
        Wrong(List, "huge token", r => r.StartingToken = new string('t', 129), "starting_token", StatusCode.Aborted),
    ];

    private static IEnumerable<Case> GetCapacity() =>
    [
        .. MalformedCapabilities(Capacity, "volume_capabilities[0]", (r, value) => Set(r.VolumeCapabilities, value)),
        .. Maps(Capacity, "parameters", r => r.Parameters),
        Wrong(Capacity, "huge topology", r => r.AccessibleTopology = Place("k", new string('x', 5000)),
            "accessible_topology.segments is larger than 4096 bytes"),
    ];

    private static IEnumerable<Case> ControllerExpandVolume() =>
    [
        .. Texts(Expand, "volume_id", (r, value) => r.VolumeId = value),
        Wrong(Expand, "no range", r => r.CapacityRange = null, "capacity_range is required"),
        .. Ranges(Expand, (r, value) => r.CapacityRange = value),
        .. Capabilities(Expand, "volume_capability", (r, value) => r.VolumeCapability = value, StatusCode.InvalidArgument),
        .. Maps(Expand, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> ControllerModifyVolume() =>
    [
        .. Texts(Modify, "volume_id", (r, value) => r.VolumeId = value),
        Wrong(Modify, "nothing to modify", r => r.MutableParameters.Clear(), "mutable_parameters is required"),
        .. Maps(Modify, "mutable_parameters", r => r.MutableParameters),
        .. Maps(Modify, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> ControllerGetVolume() =>
        Texts(Get, "volume_id", (r, value) => r.VolumeId = value);

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

    private static IEnumerable<Case> ControllerGetVolumeHealth() =>
    [
        .. Texts(GetHealth, "volume_id", (r, value) => r.VolumeId = value),
        .. Maps(GetHealth, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> ControllerListVolumeHealth() =>
    [
        Wrong(ListHealth, "negative page", r => r.MaxEntries = -1, "max_entries is negative: -1"),
        Wrong(ListHealth, "long token", r => r.StartingToken = new string('t', 129), "starting_token is not a token of ours", StatusCode.Aborted),
        .. Maps(ListHealth, "secrets", r => r.Secrets),
    ];

    private static IEnumerable<Case> NodeGetVolumeHealth() =>
    [
        .. Texts(NodeHealth, "volume_id", (r, value) => r.VolumeId = value),
        .. WrongPaths(NodeHealth, "volume_publish_path", (r, value) => r.VolumePublishPath = value, StatusCode.InvalidArgument),
        .. WrongPaths(NodeHealth, "staging_target_path", (r, value) => r.StagingTargetPath = value, StatusCode.InvalidArgument),
    ];

    private static IEnumerable<Case> NodeGetStorageHealth() => Maps(StorageHealth, "secrets", r => r.Secrets);

    /// <summary>A required string.</summary>
    private static IEnumerable<Case> Texts<T>(Func<T> good, string field, Action<T, string> set)
        where T : IMessage
    {
        (string Name, string Value, string Says)[] wrong =
        [
            ("no", "", $"{field} is required"),
            ("129 bytes of", new string('a', 129), $"{field} is longer than 128 bytes"),
            ("65 two-byte letters of", new string('\u00E9', 65), $"{field} is longer than 128 bytes"),
            ("NUL in", "a\0b", $"{field} contains the control character U+0000"),
            ("escape in", "a\u001Bb", $"{field} contains the control character U+001B"),
            ("delete in", "a\u007F", $"{field} contains the control character U+007F"),
            ("C1 control in", "\u0085a", $"{field} contains the control character U+0085"),
        ];
        return wrong.Select(w => Wrong(good, $"{w.Name} {field}", r => set(r, w.Value), w.Says));
    }

    private static IEnumerable<Case> RequiredPaths<T>(Func<T> good, string field, Action<T, string> set)
        where T : IMessage =>
    [
        Wrong(good, $"no {field}", r => set(r, ""), $"{field} is required"),
        .. WrongPaths(good, field, set, StatusCode.InvalidArgument),
    ];

    private static IEnumerable<Case> WrongPaths<T>(Func<T> good, string field, Action<T, string> set, StatusCode code)
        where T : IMessage
    {
        (string Name, string Value, string Says)[] wrong =
        [
            ("relative", "some/path", "is not an absolute path: \"some/path\""),
            ("dotted relative", "../etc", "is not an absolute path"),
            ("climbing", "/var/lib/../../etc", "contains \"..\""),
            ("climbing at the end of", "/var/lib/..", "contains \"..\""),
            ("NUL in", "/var/lib\0/x", "contains a NUL character"),
            ("root as", "/", "is the root directory"),
            ("dotted root as", "//./", "is the root directory"),
            ("4096 bytes of", string.Concat(Enumerable.Repeat("/" + new string('d', 127), 32)), "is longer than 4095 bytes"),
            ("256 byte part in", "/var/" + new string('d', 256), "has a part longer than 255 bytes"),
        ];
        return wrong.Select(w => Wrong(good, $"{w.Name} {field}", r => set(r, w.Value), $"{field}{(code == StatusCode.NotFound ? ", which" : "")} {w.Says}", code));
    }

    private static IEnumerable<Case> Ranges<T>(Func<T> good, Action<T, CapacityRange> set)
        where T : IMessage =>
    [
        Wrong(good, "empty range", r => set(r, new()), "capacity_range says neither required_bytes nor limit_bytes"),
        Wrong(good, "negative size", r => set(r, new() { RequiredBytes = -1 }), "required_bytes is negative: -1", StatusCode.OutOfRange),
        Wrong(good, "smallest size", r => set(r, new() { RequiredBytes = long.MinValue }), "required_bytes is negative", StatusCode.OutOfRange),
        Wrong(good, "negative limit", r => set(r, new() { LimitBytes = -1 }), "limit_bytes is negative: -1", StatusCode.OutOfRange),
        Wrong(good, "limit below size", r => set(r, new() { RequiredBytes = 5, LimitBytes = 4 }),
            "limit_bytes 4 is less than required_bytes 5", StatusCode.OutOfRange),
    ];

    private static IEnumerable<Case> Maps<T>(Func<T> good, string field, Func<T, MapField<string, string>> map)
        where T : IMessage =>
    [
        Wrong(good, $"one big value in {field}", r => map(r)["key"] = new string('v', 4094), $"{field} is larger than 4096 bytes"),
        Wrong(good, $"many values in {field}", r => Enumerable.Range(0, 1000).ToList().ForEach(i => map(r)[$"{i:d4}"] = "1"),
            $"{field} is larger than 4096 bytes"),
    ];

    private static IEnumerable<Case> Capabilities<T>(
        Func<T> good, string field, Action<T, VolumeCapability> set, StatusCode unsupported)
        where T : IMessage
    {
        (string Name, VolumeCapability Value, string Says)[] wrong =
        [
            ("multi-node single writer", Good.Mount(Mode.MultiNodeSingleWriter), "MULTI_NODE_SINGLE_WRITER is not supported: a volume is on one node"),
            ("multi-node writer of a block device", Good.Block(Mode.MultiNodeMultiWriter), "MULTI_NODE_MULTI_WRITER is not supported"),
            ("access mode of the future", Good.Mount((Mode)99), "access mode 99 is not known"),
            ("ntfs", Good.Mount(fsType: "ntfs"), "file system \"ntfs\" is not supported; use ext4 or xfs or btrfs"),
            ("EXT4", Good.Mount(fsType: "EXT4"), "file system \"EXT4\" is not supported"),
            ("mount group", Grouped("1000"), "volume_mount_group is not supported"),
        ];
        return
        [
            .. MalformedCapabilities(good, field, set),
            .. wrong.Select(w => Wrong(good, w.Name, r => set(r, w.Value), w.Says, unsupported)),
        ];
    }

    private static IEnumerable<Case> MalformedCapabilities<T>(Func<T> good, string field, Action<T, VolumeCapability> set)
        where T : IMessage
    {
        var neither = new VolumeCapability { AccessMode = new() { Mode = Mode.SingleNodeWriter } };
        (string Name, VolumeCapability Value, string Says)[] wrong =
        [
            ("neither block nor mount", neither, $"{field} says neither block nor mount"),
            ("no access mode", new() { Mount = new() }, $"{field}.access_mode is required"),
            ("unknown access mode", Good.Block(Mode.Unknown), $"{field}.access_mode is required"),
            ("long file system", Good.Mount(fsType: new string('x', 129)), $"{field}.mount.fs_type is longer than 128 bytes"),
            ("control character in file system", Good.Mount(fsType: "ext4\0"), $"{field}.mount.fs_type contains the control character U+0000"),
            ("long mount group", Grouped(new string('1', 129)), $"{field}.mount.volume_mount_group is longer than 128 bytes"),
            ("empty mount flag", Good.Mount(flags: ["noatime", ""]), $"{field}.mount.mount_flags[1] is empty"),
            ("line feed in mount flag", Good.Mount(flags: "a\nb"), $"{field}.mount.mount_flags[0] contains a control character"),
            ("huge mount flags", Good.Mount(flags: [new string('f', 4000), new string('g', 97)]), $"{field}.mount.mount_flags are larger than 4096 bytes"),
        ];
        return wrong.Select(w => Wrong(good, w.Name, r => set(r, w.Value), w.Says));
    }

    private static Case Wrong<T>(Func<T> good, string name, Action<T> spoil, string says, StatusCode code = StatusCode.InvalidArgument)
        where T : IMessage
    {
        var request = good();
        spoil(request);
        return new Case($"{request.Descriptor.Name[..^"Request".Length]}: {name}", request, code, says);
    }

    private static CreateVolumeRequest Create() => Good.Create();

    private static DeleteVolumeRequest Delete() => Good.Delete();

    private static ValidateVolumeCapabilitiesRequest Validate() => Good.Validate();

    private static ListVolumesRequest List() => new();

    private static GetCapacityRequest Capacity() => new();

    private static ControllerExpandVolumeRequest Expand() => Good.Expand();

    private static ControllerModifyVolumeRequest Modify() => Good.Modify();

    private static ControllerGetVolumeRequest Get() => Good.Get();

    private static NodeStageVolumeRequest Stage() => Good.Stage();

    private static NodeUnstageVolumeRequest Unstage() => Good.Unstage();

    private static NodePublishVolumeRequest Publish() => Good.Publish();

    private static NodeUnpublishVolumeRequest Unpublish() => Good.Unpublish();

    private static NodeGetVolumeStatsRequest Stats() => Good.Stats();

    private static NodeExpandVolumeRequest NodeExpand() => Good.NodeExpand();

    private static CreateSnapshotRequest Snapshot() => Good.Snapshot();

    private static DeleteSnapshotRequest DeleteSnapshot() => Good.DeleteSnapshot();

    private static GetSnapshotRequest GetSnapshot() => Good.GetSnapshot();

    private static ListSnapshotsRequest ListSnapshots() => new();

    private static CreateVolumeGroupSnapshotRequest Group() => Good.Group();

    private static DeleteVolumeGroupSnapshotRequest DeleteGroup() => Good.DeleteGroup();

    private static GetVolumeGroupSnapshotRequest GetGroup() => Good.GetGroup();

    private static ControllerGetVolumeHealthRequest GetHealth() => new() { VolumeId = "vol-0000" };

    private static ControllerListVolumeHealthRequest ListHealth() => new();

    private static NodeGetVolumeHealthRequest NodeHealth() => new() { VolumeId = "vol-0000" };

    private static NodeGetStorageHealthRequest StorageHealth() => new();

    private static void Set(RepeatedField<VolumeCapability> list, params VolumeCapability[] values)
    {
        list.Clear();
        list.AddRange(values);
    }

    private static VolumeCapability Grouped(string group)
    {
        var capability = Good.Mount();
        capability.Mount.VolumeMountGroup = group;
        return capability;
    }

    private static Topology Place(string key, string value) => new() { Segments = { [key] = value } };
}

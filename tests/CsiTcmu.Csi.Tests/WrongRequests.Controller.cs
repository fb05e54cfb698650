using Csi.V1;
using Grpc.Core;
using Mode = Csi.V1.VolumeCapability.Types.AccessMode.Types.Mode;

namespace CsiTcmu.Csi.Tests;

/// <summary>Requests of volumes to the controller.</summary>
internal static partial class WrongRequests
{
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

    private static CreateVolumeRequest Create() => Good.Create();

    private static DeleteVolumeRequest Delete() => Good.Delete();

    private static ValidateVolumeCapabilitiesRequest Validate() => Good.Validate();

    private static ListVolumesRequest List() => new();

    private static GetCapacityRequest Capacity() => new();

    private static ControllerExpandVolumeRequest Expand() => Good.Expand();

    private static ControllerModifyVolumeRequest Modify() => Good.Modify();

    private static ControllerGetVolumeRequest Get() => Good.Get();

    private static ControllerGetVolumeHealthRequest GetHealth() => new() { VolumeId = "vol-0000" };

    private static ControllerListVolumeHealthRequest ListHealth() => new();
}

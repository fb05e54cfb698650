using System.Text.Json;
using System.Text.Json.Nodes;

namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>
/// Every call with every way to be refused that one node can meet, in a <see cref="CodeScene"/>: the table of codes of the specification, and that of <c>docs/csi.md</c>. A
/// case is a request that would be right, with something in it changed.
/// </summary>
internal static partial class CodeTable
{
    /// <summary>A snapshot of the scene's group, whose id is known later.</summary>
    public const string Member = "MEMBER";

    private const string Invalid = "INVALID_ARGUMENT";
    private const string NotFound = "NOT_FOUND";
    private const string Exists = "ALREADY_EXISTS";
    private const string Failed = "FAILED_PRECONDITION";
    private const string Range = "OUT_OF_RANGE";
    private const string Exhausted = "RESOURCE_EXHAUSTED";
    private const string Aborted = "ABORTED";
    private const string Unauthenticated = "UNAUTHENTICATED";
    private const string Unimplemented = "UNIMPLEMENTED";
    private const string Nothing = "codes-nothing";
    /// <summary>All cases, by name.</summary>
    public static IReadOnlyDictionary<string, CodeCase> All { get; } = new[] { Controller, Copies, Node, Health }
        .SelectMany(cases => cases())
        .ToDictionary(one => one.Name, StringComparer.Ordinal);

    private static string TooLong => new('a', 129);

    private static CodeCase Case(string code, string method, string why, object change, string says = "", bool later = false)
    {
        var request = ToJson(Right(method));
        foreach (var (field, value) in ToJson(change)) request[field] = value?.DeepClone();
        return new CodeCase(code, method, why, request, says, later);
    }

    private static CodeCase Without(string code, string method, string field)
    {
        var request = ToJson(Right(method));
        Assert.True(request.Remove(field), $"{method} has no {field}");
        return new CodeCase(code, method, $"no {field}", request, "", Later: false);
    }

    /// <summary>Required texts.</summary>
    private static IEnumerable<CodeCase> Texts(string method, params string[] fields) => fields.SelectMany(field => new[]
    {
        Without(Invalid, method, field),
        Case(Invalid, method, $"129 bytes of {field}", One(field, TooLong)),
        Case(Invalid, method, $"a control character in {field}", One(field, "a\u001bb")),
    });

    /// <summary>A path that the driver would act on.</summary>
    private static IEnumerable<CodeCase> Paths(string method, string field) => [Without(Invalid, method, field), .. WrongPaths(Invalid, method, field)];

    private static IEnumerable<CodeCase> WrongPaths(string code, string method, string field) =>
        new[] { "relative/path", "/var/lib/../etc", "/" }.Select(path => Case(code, method, $"{field} {path}", One(field, path)));

    private static IEnumerable<CodeCase> Maps(string method, params string[] fields) =>
        fields.Select(field => Case(Invalid, method, $"more than 4 KiB of {field}", One(field, new { key = new string('v', 4096) })));

    private static IEnumerable<CodeCase> Ranges(string method) =>
    [
        Case(Invalid, method, "a range that says nothing", new { capacity_range = new { } }),
        Case(Range, method, "a negative size", new { capacity_range = new { required_bytes = -1 } }),
        Case(Range, method, "a negative limit", new { capacity_range = new { limit_bytes = -1 } }),
        Case(Range, method, "a limit below the size", new { capacity_range = new { required_bytes = 2 * CodeScene.Size, limit_bytes = CodeScene.Size } }),
    ];

    /// <summary>Capabilities that are malformed, and such as nobody here can have.</summary>
    private static IEnumerable<CodeCase> Capabilities(string unsupported, string method, Func<object, object> change) =>
    [
        Case(Invalid, method, "a capability without access mode", change(new { mount = new { } })),
        Case(Invalid, method, "neither block nor mount", change(new { access_mode = new { mode = "SINGLE_NODE_WRITER" } })),
        Case(unsupported, method, "writers on several nodes", change(ForeignVolume.Use("ext4", "MULTI_NODE_MULTI_WRITER"))),
        Case(unsupported, method, "one writer on several nodes", change(ForeignVolume.Use("", "MULTI_NODE_SINGLE_WRITER"))),
        Case(unsupported, method, "another file system than we have", change(ForeignVolume.Use("ntfs"))),
        Case(unsupported, method, "a mount group", change(new { mount = new { volume_mount_group = "1000" }, access_mode = new { mode = "SINGLE_NODE_WRITER" } })),
    ];

    /// <summary>Lists that come in pages.</summary>
    private static IEnumerable<CodeCase> Pages(string method, bool later = false) =>
    [
        Case(Invalid, method, "fewer than no entries", new { max_entries = -1 }, later: later),
        Case(Aborted, method, "a token that is not ours", new { starting_token = "nonsense" }, later: later),
        Case(Aborted, method, "a long token", new { starting_token = TooLong }, later: later),
    ];

    private static object One(string field, object value) => new Dictionary<string, object>(StringComparer.Ordinal) { [field] = value };

    private static object OnNode(string node) => new { segments = One("csi-tcmu.io/node", node) };

    private static JsonObject ToJson(object message) => JsonSerializer.SerializeToNode(message)!.AsObject();

    /// <summary>A request with which nothing is wrong, but for what the scene has against it.</summary>
    private static object Right(string method) => method switch
    {
        "Controller.CreateVolume" => new { name = "codes-new", volume_capabilities = new[] { ForeignVolume.Use("ext4") }, capacity_range = new { required_bytes = CodeScene.Size } },
        "Controller.ValidateVolumeCapabilities" => new { volume_id = CodeScene.Mounted, volume_capabilities = new[] { ForeignVolume.Use("ext4") } },
        "Controller.ControllerExpandVolume" => new { volume_id = CodeScene.Mounted, capacity_range = new { required_bytes = CodeScene.Size } },
        "Controller.ControllerModifyVolume" => new { volume_id = CodeScene.Mounted, mutable_parameters = new { iops = "500" } },
        "Controller.DeleteVolume" or "Controller.ControllerGetVolume" or "Controller.ControllerGetVolumeHealth" or "Node.NodeGetVolumeHealth" => new { volume_id = CodeScene.Mounted },
        "Controller.ControllerPublishVolume" => new { volume_id = CodeScene.Mounted, node_id = "node-1", volume_capability = ForeignVolume.Use("ext4") },
        "Controller.ControllerUnpublishVolume" => new { volume_id = CodeScene.Mounted, node_id = "node-1" },
        "Controller.CreateSnapshot" => new { name = "codes-new", source_volume_id = CodeScene.Mounted },
        "Controller.DeleteSnapshot" or "Controller.GetSnapshot" or "SnapshotMetadata.GetMetadataAllocated" => new { snapshot_id = CodeScene.Snapshot },
        "GroupController.CreateVolumeGroupSnapshot" => new { name = "codes-new", source_volume_ids = new[] { CodeScene.Mounted, CodeScene.Raw } },
        "GroupController.DeleteVolumeGroupSnapshot" or "GroupController.GetVolumeGroupSnapshot" => new { group_snapshot_id = CodeScene.Group },
        "SnapshotMetadata.GetMetadataDelta" => new { base_snapshot_id = CodeScene.Snapshot, target_snapshot_id = CodeScene.Snapshot },
        "Node.NodeStageVolume" => new { volume_id = CodeScene.Raw, staging_target_path = CodeScene.Empty, volume_capability = ForeignVolume.Use("") },
        "Node.NodeUnstageVolume" => new { volume_id = CodeScene.Mounted, staging_target_path = ForeignVolume.StagingOf(CodeScene.Mounted) },
        "Node.NodePublishVolume" => new
        {
            volume_id = CodeScene.Mounted,
            staging_target_path = ForeignVolume.StagingOf(CodeScene.Mounted),
            target_path = CodeScene.Empty + "/target",
            volume_capability = ForeignVolume.Use("ext4"),
        },
        "Node.NodeUnpublishVolume" => new { volume_id = CodeScene.Mounted, target_path = ForeignVolume.TargetOf(CodeScene.Mounted) },
        "Node.NodeGetVolumeStats" or "Node.NodeExpandVolume" => new { volume_id = CodeScene.Mounted, volume_path = ForeignVolume.TargetOf(CodeScene.Mounted) },
        _ => new { },
    };
}

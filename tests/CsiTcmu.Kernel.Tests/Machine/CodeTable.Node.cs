namespace CsiTcmu.Kernel.Tests.Machine;

/// <content>Volumes on the node.</content>
internal static partial class CodeTable
{
    private const string Stage = "Node.NodeStageVolume";
    private const string Unstage = "Node.NodeUnstageVolume";
    private const string Publish = "Node.NodePublishVolume";
    private const string Unpublish = "Node.NodeUnpublishVolume";
    private const string Stats = "Node.NodeGetVolumeStats";
    private const string NodeExpand = "Node.NodeExpandVolume";

    private static string Staging => ForeignVolume.StagingOf(CodeScene.Mounted);

    private static string Target => ForeignVolume.TargetOf(CodeScene.Mounted);

    private static object Wrong => new { encryptionPassphrase = "another" };

    private static IEnumerable<CodeCase> Node() =>
    [
        .. Texts(Stage, "volume_id"),
        .. Paths(Stage, "staging_target_path"),
        Without(Invalid, Stage, "volume_capability"),
        .. Capabilities(Failed, Stage, capability => new { volume_capability = capability }),
        .. Maps(Stage, "publish_context", "volume_context", "secrets"),
        Case(NotFound, Stage, "not there", new { volume_id = Nothing }),
        Case(Failed, Stage, "damaged", new { volume_id = CodeScene.Damaged }),
        Case(Failed, Stage, "a file system of raw block", new { volume_capability = ForeignVolume.Use("ext4") }),
        Case(Failed, Stage, "no folder", new { staging_target_path = CodeScene.Empty + "/nothing" }),
        Case(Failed, Stage, "something else mounted", new { volume_id = CodeScene.Mounted, staging_target_path = CodeScene.Foreign, volume_capability = ForeignVolume.Use("ext4") }),
        StageMounted(Failed, "at another path", ForeignVolume.Use("ext4"), CodeScene.Empty),
        StageMounted(Failed, "as raw block", ForeignVolume.Use("")),
        StageMounted(Failed, "as another file system", ForeignVolume.Use("xfs")),
        StageMounted(Exists, "with other options", MountedWith("noatime")),
        StageMounted(Invalid, "with an option that is none of the mount's", MountedWith("bind")),
        StageMounted(ForeignClient.Ok, "repeated", ForeignVolume.Use("ext4")),
        Case(Invalid, Stage, "no passphrase", new { volume_id = CodeScene.Locked }),
        Case(Unauthenticated, Stage, "another passphrase", new { volume_id = CodeScene.Locked, secrets = Wrong }),

        .. Texts(Unstage, "volume_id"),
        .. Paths(Unstage, "staging_target_path"),
        Case(Failed, Unstage, "still published", new { }),
        Case(Failed, Unstage, "something else mounted", new { volume_id = CodeScene.Raw, staging_target_path = CodeScene.Foreign }),
        Case(ForeignClient.Ok, Unstage, "not staged", new { volume_id = CodeScene.Raw, staging_target_path = CodeScene.Empty }, "{}"),
        Case(ForeignClient.Ok, Unstage, "not there", new { volume_id = Nothing, staging_target_path = CodeScene.Empty + "/nothing" }, "{}"),

        .. Texts(Publish, "volume_id"),
        .. Paths(Publish, "target_path"),
        Without(Invalid, Publish, "volume_capability"),
        Without(Failed, Publish, "staging_target_path"),
        .. WrongPaths(Invalid, Publish, "staging_target_path"),
        .. Capabilities(Failed, Publish, capability => new { volume_capability = capability }),
        .. Maps(Publish, "publish_context", "volume_context", "secrets"),
        Case(Invalid, Publish, "target within the staging path", new { target_path = Staging + "/target" }),
        Case(NotFound, Publish, "not there", new { volume_id = Nothing }),
        Case(Failed, Publish, "as raw block", new { volume_capability = ForeignVolume.Use("") }),
        Case(Failed, Publish, "not staged", new { volume_id = CodeScene.Raw, staging_target_path = CodeScene.Empty, target_path = CodeScene.Full + "/target", volume_capability = ForeignVolume.Use("") }),
        Case(Failed, Publish, "staged elsewhere", new { staging_target_path = CodeScene.Full }),
        Case(Failed, Publish, "no folder around the target", new { target_path = CodeScene.Empty + "/nothing/target" }),
        Case(Failed, Publish, "something else mounted", new { target_path = CodeScene.Foreign }),
        Case(Failed, Publish, "a second workload", new
        {
            volume_id = CodeScene.Alone,
            staging_target_path = ForeignVolume.StagingOf(CodeScene.Alone),
            volume_capability = ForeignVolume.Use("", "SINGLE_NODE_SINGLE_WRITER"),
        }),
        Case(Exists, Publish, "read-only at the same target", new { target_path = Target, @readonly = true }),
        Case(ForeignClient.Ok, Publish, "repeated", new { target_path = Target }, "{}"),
        Inline(Exists, "id of another volume", CodeScene.Mounted, ForeignVolume.Use("ext4"), new { }),
        Inline(Failed, "raw block", Nothing, ForeignVolume.Use(""), new { }),
        Inline(Invalid, "parameter that nobody knows", Nothing, ForeignVolume.Use("ext4"), new { colour = "blue" }),
        Inline(Invalid, "size that is none", Nothing, ForeignVolume.Use("ext4"), new { size = "much" }),
        Inline(Invalid, "no passphrase", Nothing, ForeignVolume.Use("ext4"), new { size = "32Mi", encrypted = "true" }),
        Inline(Exhausted, "more than the pool has", Nothing, ForeignVolume.Use("ext4"), new { size = "1Ti" }),

        .. Texts(Unpublish, "volume_id"),
        .. Paths(Unpublish, "target_path"),
        Case(Failed, Unpublish, "in use", new { }),
        Case(Failed, Unpublish, "something else mounted", new { target_path = CodeScene.Foreign }),
        Case(Failed, Unpublish, "a folder that is not empty", new { target_path = CodeScene.Full }),
        Case(ForeignClient.Ok, Unpublish, "not published", new { target_path = CodeScene.Empty + "/nothing" }, "{}"),
        Case(ForeignClient.Ok, Unpublish, "not there", new { volume_id = Nothing, target_path = CodeScene.Empty + "/nothing" }, "{}"),

        .. Texts(Stats, "volume_id"),
        Without(Invalid, Stats, "volume_path"),
        .. WrongPaths(NotFound, Stats, "volume_path"),
        .. WrongPaths(Invalid, Stats, "staging_target_path"),
        Case(NotFound, Stats, "not there", new { volume_id = Nothing }),
        Case(NotFound, Stats, "not at that path", new { volume_path = CodeScene.Empty }),
        Case(ForeignClient.Ok, Stats, "damaged", new { volume_id = CodeScene.Damaged, volume_path = CodeScene.Empty }, "^(?!.*\"unit\").*\"abnormal\":true"),

        .. Texts(NodeExpand, "volume_id"),
        Without(Invalid, NodeExpand, "volume_path"),
        .. WrongPaths(NotFound, NodeExpand, "volume_path"),
        .. WrongPaths(Invalid, NodeExpand, "staging_target_path"),
        .. Ranges(NodeExpand),
        .. Capabilities(Invalid, NodeExpand, capability => new { volume_capability = capability }),
        .. Maps(NodeExpand, "secrets"),
        Case(NotFound, NodeExpand, "not there", new { volume_id = Nothing }),
        Case(NotFound, NodeExpand, "not at that path", new { volume_path = CodeScene.Empty }),
        Case(Range, NodeExpand, "more than the controller made it", new { capacity_range = new { required_bytes = 2 * CodeScene.Size } }),
        Case(Invalid, NodeExpand, "no passphrase", new { volume_id = CodeScene.Secret, volume_path = ForeignVolume.TargetOf(CodeScene.Secret) }),
        Case(Unauthenticated, NodeExpand, "another passphrase", new { volume_id = CodeScene.Secret, volume_path = ForeignVolume.TargetOf(CodeScene.Secret), secrets = Wrong }),
        Case(ForeignClient.Ok, NodeExpand, "repeated", new { }, "\"capacity_bytes\":\"33554432\""),
    ];

    /// <summary>Calls of 1.13, which are none of 1.12.</summary>
    private static IEnumerable<CodeCase> Health() =>
    [
        .. new[] { "Controller.ControllerGetVolumeHealth", "Controller.ControllerListVolumeHealth", "Node.NodeGetVolumeHealth", "Node.NodeGetStorageHealth" }
            .Select(method => Case(Unimplemented, method, "with 1.12", new { })),
        .. new[] { "Controller.ControllerGetVolumeHealth", "Node.NodeGetVolumeHealth" }.SelectMany(method => new[]
        {
            Case(Invalid, method, "no volume_id", new { volume_id = "" }, later: true),
            Case(Invalid, method, "129 bytes of volume_id", new { volume_id = TooLong }, later: true),
            Case(NotFound, method, "not there", new { volume_id = Nothing }, later: true),
        }),
        .. Pages("Controller.ControllerListVolumeHealth", later: true),
        Case(Invalid, "Node.NodeGetVolumeHealth", "a relative path", new { volume_publish_path = "relative/path" }, later: true),
        Case(Invalid, "Node.NodeGetVolumeHealth", "a relative staging path", new { staging_target_path = "relative/path" }, later: true),
        Case(Invalid, "Node.NodeGetStorageHealth", "more than 4 KiB of secrets", new { secrets = new { key = new string('v', 4096) } }, later: true),
        Case(Unimplemented, "Controller.ControllerPublishVolume", "volumes are on one node", new { }, later: true),
    ];

    private static object MountedWith(string option) => new { mount = new { fs_type = "ext4", mount_flags = new[] { option } }, access_mode = new { mode = "SINGLE_NODE_WRITER" } };

    private static CodeCase StageMounted(string code, string why, object use, string? path = null) =>
        Case(code, Stage, why, new { volume_id = CodeScene.Mounted, staging_target_path = path ?? Staging, volume_capability = use }, code == ForeignClient.Ok ? "{}" : "");

    private static CodeCase Inline(string code, string why, string id, object use, object context)
    {
        var all = ToJson(context);
        all["csi.storage.k8s.io/ephemeral"] = "true";
        return Case(code, Publish, $"inline: {why}", new { volume_id = id, volume_capability = use, volume_context = all });
    }
}

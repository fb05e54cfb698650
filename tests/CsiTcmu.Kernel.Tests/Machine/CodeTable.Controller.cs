namespace CsiTcmu.Kernel.Tests.Machine;

/// <content>Volumes, as the controller has them.</content>
internal static partial class CodeTable
{
    private const string Create = "Controller.CreateVolume";
    private const string Delete = "Controller.DeleteVolume";
    private const string Validate = "Controller.ValidateVolumeCapabilities";
    private const string Capacity = "Controller.GetCapacity";
    private const string Expand = "Controller.ControllerExpandVolume";
    private const string Modify = "Controller.ControllerModifyVolume";
    private const string Get = "Controller.ControllerGetVolume";
    private const long TooMuchForAnyFile = 1L << 61;
    private const long TooMuchForThePool = 1L << 40;

    private static IEnumerable<CodeCase> Controller() =>
    [
        .. Texts(Create, "name"),
        Without(Invalid, Create, "volume_capabilities"),
        .. Capabilities(Invalid, Create, capability => new { volume_capabilities = new[] { capability } }),
        Case(Invalid, Create, "block and mount", new { volume_capabilities = new[] { ForeignVolume.Use("ext4"), ForeignVolume.Use("") } }),
        Case(Invalid, Create, "two file systems", new { volume_capabilities = new[] { ForeignVolume.Use("ext4"), ForeignVolume.Use("xfs") } }),
        .. Maps(Create, "parameters", "mutable_parameters", "secrets"),
        Case(Invalid, Create, "a parameter that nobody knows", new { parameters = new { colour = "blue" } }),
        Case(Invalid, Create, "a pool that is not there", new { parameters = new { pool = "another" } }),
        Case(Invalid, Create, "a parameter that cannot be changed among those that can", new { mutable_parameters = new { pool = "csi-1-12" } }),
        Case(Invalid, Create, "a limit that is no number", new { mutable_parameters = new { iops = "few" } }),
        Case(Invalid, Create, "a source that says nothing", new { volume_content_source = new { } }),
        Case(Invalid, Create, "a source without an id", new { volume_content_source = new { snapshot = new { } } }),
        Case(Invalid, Create, "itself as source", new { volume_content_source = new { volume = new { volume_id = "codes-new" } } }),
        Case(Invalid, Create, "another file system than the source's", new { volume_content_source = FromSnapshot, volume_capabilities = new[] { ForeignVolume.Use("xfs") } }),
        Case(Invalid, Create, "another block size than the source's", new { volume_content_source = FromSnapshot, parameters = new { logicalBlockSize = "4096" } }),
        Case(Invalid, Create, "an encrypted copy of what is not", new { volume_content_source = FromSnapshot, parameters = new { encrypted = "true" } }),
        Case(Invalid, Create, "requirements that say nothing", new { accessibility_requirements = new { } }),
        Case(NotFound, Create, "a snapshot that is not there", new { volume_content_source = ForeignVolume.FromSnapshot(Nothing) }),
        Case(NotFound, Create, "a source volume that is not there", new { volume_content_source = new { volume = new { volume_id = Nothing } } }),
        .. Ranges(Create),
        Case(Range, Create, "a size that cannot be", new { capacity_range = new { required_bytes = TooMuchForAnyFile } }),
        Case(Range, Create, "less than can be", new { capacity_range = new { limit_bytes = 1 << 20 } }),
        Case(Range, Create, "less than the source has", new { volume_content_source = FromSnapshot, capacity_range = new { limit_bytes = CodeScene.Size / 2 } }),
        Case(Exhausted, Create, "more than the pool has", new { capacity_range = new { required_bytes = TooMuchForThePool } }),
        Case(Exhausted, Create, "another node", new { accessibility_requirements = new { requisite = new[] { OnNode("another") } } }),
        Case(Exists, Create, "a name of another size", new { name = CodeScene.Mounted, capacity_range = new { required_bytes = 2 * CodeScene.Size } }),
        Case(Exists, Create, "a name of another kind", new { name = CodeScene.Mounted, volume_capabilities = new[] { ForeignVolume.Use("") } }),
        Case(Exists, Create, "a name of another file system", new { name = CodeScene.Mounted, volume_capabilities = new[] { ForeignVolume.Use("btrfs") } }),
        Case(Exists, Create, "a name with other parameters", new { name = CodeScene.Mounted, parameters = new { logicalBlockSize = "4096" } }),
        Case(Exists, Create, "a name with other limits", new { name = CodeScene.Mounted, mutable_parameters = new { iops = "500" } }),
        Case(Exists, Create, "a name with another source", new { name = CodeScene.Mounted, volume_content_source = FromSnapshot }),
        Case(Failed, Create, "a name that is damaged", new { name = CodeScene.Damaged }),
        Case(ForeignClient.Ok, Create, "repeated", new { name = CodeScene.Mounted }, "(?=.*\"volume_id\":\"codes-mounted\")(?=.*\"accessible_topology\":\\[\\{)"),

        .. Texts(Delete, "volume_id"),
        .. Maps(Delete, "secrets"),
        Case(Failed, Delete, "in use", new { }),
        Case(Failed, Delete, "damaged", new { volume_id = CodeScene.Damaged }),
        Case(ForeignClient.Ok, Delete, "not there", new { volume_id = Nothing }, "{}"),

        .. Texts(Validate, "volume_id"),
        Without(Invalid, Validate, "volume_capabilities"),
        .. Maps(Validate, "volume_context", "parameters", "mutable_parameters", "secrets"),
        Case(NotFound, Validate, "not there", new { volume_id = Nothing }),
        .. new[] { ForeignVolume.Use("ext4", "MULTI_NODE_MULTI_WRITER"), ForeignVolume.Use("xfs"), ForeignVolume.Use("") }.Select((capability, number) =>
            Case(ForeignClient.Ok, Validate, $"not as the volume is, {number}", new { volume_capabilities = new[] { capability } }, "^\\{\"message\":\".+\"\\}$")),

        .. Pages("Controller.ListVolumes"),

        .. Maps(Capacity, "parameters"),
        Case(Invalid, Capacity, "a capability without access mode", new { volume_capabilities = new[] { new { mount = new { } } } }),
        Case(Invalid, Capacity, "a parameter that nobody knows", new { parameters = new { colour = "blue" } }),
        Case(Invalid, Capacity, "two file systems", new { parameters = One("csi.storage.k8s.io/fstype", "xfs"), volume_capabilities = new[] { ForeignVolume.Use("ext4") } }),
        Case(ForeignClient.Ok, Capacity, "another node", new { accessible_topology = OnNode("another") }, "^(?!.*available_capacity)"),
        Case(ForeignClient.Ok, Capacity, "a capability that we do not have", new { volume_capabilities = new[] { ForeignVolume.Use("ntfs") } }, "^(?!.*available_capacity)"),

        .. Texts(Expand, "volume_id"),
        Without(Invalid, Expand, "capacity_range"),
        .. Maps(Expand, "secrets"),
        .. Ranges(Expand),
        .. Capabilities(Invalid, Expand, capability => new { volume_capability = capability }),
        Case(NotFound, Expand, "not there", new { volume_id = Nothing }),
        Case(Range, Expand, "a limit below what it has", new { capacity_range = new { limit_bytes = CodeScene.Size / 2 } }),
        Case(Range, Expand, "a size that cannot be", new { capacity_range = new { required_bytes = TooMuchForAnyFile } }),
        Case(Exhausted, Expand, "more than the pool has", new { capacity_range = new { required_bytes = TooMuchForThePool } }),
        Case(Failed, Expand, "damaged", new { volume_id = CodeScene.Damaged }),
        Case(ForeignClient.Ok, Expand, "repeated", new { }, "\"capacity_bytes\":\"33554432\",\"node_expansion_required\":true"),
        Case(ForeignClient.Ok, Expand, "less than it has", new { capacity_range = new { required_bytes = 1 } }, "\"capacity_bytes\":\"33554432\""),

        .. Texts(Modify, "volume_id"),
        Without(Invalid, Modify, "mutable_parameters"),
        .. Maps(Modify, "mutable_parameters", "secrets"),
        Case(Invalid, Modify, "a parameter that cannot be changed beside one that can", new { mutable_parameters = new { iops = "500", encrypted = "true" } }),
        Case(Invalid, Modify, "a limit that is no number", new { mutable_parameters = new { iops = "few" } }),
        Case(Invalid, Modify, "a limit that is too low", new { mutable_parameters = new { iops = "500", bandwidth = "1" } }),
        Case(NotFound, Modify, "not there", new { volume_id = Nothing }),
        Case(Failed, Modify, "damaged", new { volume_id = CodeScene.Damaged }),

        .. Texts(Get, "volume_id"),
        Case(NotFound, Get, "not there", new { volume_id = Nothing }),
        Case(ForeignClient.Ok, Get, "damaged", new { volume_id = CodeScene.Damaged }, "\"abnormal\":true"),

        Case(Unimplemented, "Controller.ControllerPublishVolume", "volumes are on one node", new { }),
        Case(Unimplemented, "Controller.ControllerUnpublishVolume", "volumes are on one node", new { }),
    ];

    private static object FromSnapshot => ForeignVolume.FromSnapshot(CodeScene.Snapshot);
}

namespace CsiTcmu.Kernel.Tests.Machine;

/// <content>Snapshots, groups and changed blocks.</content>
internal static partial class CodeTable
{
    private const string Snapshot = "Controller.CreateSnapshot";
    private const string DeleteSnapshot = "Controller.DeleteSnapshot";
    private const string ListSnapshots = "Controller.ListSnapshots";
    private const string GetSnapshot = "Controller.GetSnapshot";
    private const string Group = "GroupController.CreateVolumeGroupSnapshot";
    private const string DeleteGroup = "GroupController.DeleteVolumeGroupSnapshot";
    private const string GetGroup = "GroupController.GetVolumeGroupSnapshot";
    private const string Allocated = "SnapshotMetadata.GetMetadataAllocated";
    private const string Delta = "SnapshotMetadata.GetMetadataDelta";
    private const string NoEntries = "^\\{\"entries\":\\[\\]\\}$";

    private static IEnumerable<CodeCase> Copies() =>
    [
        .. Texts(Snapshot, "name", "source_volume_id"),
        .. Maps(Snapshot, "parameters", "secrets"),
        .. Parameters(Snapshot),
        Case(NotFound, Snapshot, "no such volume", new { source_volume_id = Nothing }),
        Case(Exists, Snapshot, "a name of another volume's", new { name = CodeScene.RawSnapshot }),
        Case(Exhausted, Snapshot, "another node", new { accessibility_requirements = new { requisite = new[] { OnNode("another") } } }),
        Case(Failed, Snapshot, "a damaged volume", new { source_volume_id = CodeScene.Damaged }),
        Case(ForeignClient.Ok, Snapshot, "repeated", new { name = CodeScene.Snapshot }, "\"snapshot_id\":\"codes-snapshot\".*\"ready_to_use\":true"),

        .. Texts(DeleteSnapshot, "snapshot_id"),
        .. Maps(DeleteSnapshot, "secrets"),
        Case(Invalid, DeleteSnapshot, "one of a group", new { snapshot_id = Member }),
        Case(Failed, DeleteSnapshot, "damaged", new { snapshot_id = CodeScene.Damaged }),
        Case(ForeignClient.Ok, DeleteSnapshot, "not there", new { snapshot_id = Nothing }, "{}"),

        .. Pages(ListSnapshots),
        .. Maps(ListSnapshots, "secrets"),
        Case(ForeignClient.Ok, ListSnapshots, "no such snapshot", new { snapshot_id = Nothing }, NoEntries),
        Case(ForeignClient.Ok, ListSnapshots, "no such volume", new { source_volume_id = Nothing }, NoEntries),

        .. Texts(GetSnapshot, "snapshot_id"),
        Case(NotFound, GetSnapshot, "not there", new { snapshot_id = Nothing }),
        Case(Failed, GetSnapshot, "damaged", new { snapshot_id = CodeScene.Damaged }),

        .. Texts(Group, "name"),
        Without(Invalid, Group, "source_volume_ids"),
        .. Maps(Group, "parameters", "secrets"),
        .. Parameters(Group),
        Case(Invalid, Group, "a volume twice", new { source_volume_ids = new[] { CodeScene.Raw, CodeScene.Raw } }),
        Case(NotFound, Group, "one volume that is not there", new { source_volume_ids = new[] { CodeScene.Raw, Nothing } }),
        Case(Exists, Group, "a name of other volumes", new { name = CodeScene.Group, source_volume_ids = new[] { CodeScene.Raw } }),
        Case(Exists, Group, "a name with another freeze", new { name = CodeScene.Group, parameters = new { freeze = "true" } }),
        Case(Failed, Group, "one damaged volume", new { source_volume_ids = new[] { CodeScene.Raw, CodeScene.Damaged } }),
        Case(ForeignClient.Ok, Group, "repeated in another order", new { name = CodeScene.Group, source_volume_ids = new[] { CodeScene.Raw, CodeScene.Mounted } }, "\"group_snapshot_id\":\"codes-group\""),

        .. Texts(DeleteGroup, "group_snapshot_id"),
        .. Maps(DeleteGroup, "secrets"),
        Case(Invalid, DeleteGroup, "snapshots that are not its own", new { snapshot_ids = new[] { CodeScene.Snapshot, CodeScene.RawSnapshot } }),
        Case(Invalid, DeleteGroup, "one of its snapshots", new { snapshot_ids = new[] { Member } }),
        Case(ForeignClient.Ok, DeleteGroup, "not there", new { group_snapshot_id = Nothing }, "{}"),

        .. Texts(GetGroup, "group_snapshot_id"),
        Case(Invalid, GetGroup, "snapshots that are not its own", new { snapshot_ids = new[] { CodeScene.Snapshot, CodeScene.RawSnapshot } }),
        Case(NotFound, GetGroup, "not there", new { group_snapshot_id = Nothing }),

        .. Texts(Allocated, "snapshot_id"),
        .. Blocks(Allocated, "snapshot_id"),
        .. Texts(Delta, "base_snapshot_id", "target_snapshot_id"),
        .. Blocks(Delta, "base_snapshot_id"),
        Case(NotFound, Delta, "no such target", new { target_snapshot_id = Nothing }),
        Case(Invalid, Delta, "snapshots of two volumes", new { target_snapshot_id = CodeScene.RawSnapshot }),
    ];

    private static IEnumerable<CodeCase> Parameters(string method) =>
    [
        Case(Invalid, method, "a parameter that nobody knows", new { parameters = new { colour = "blue" } }),
        Case(Invalid, method, "a freeze that is neither true nor false", new { parameters = new { freeze = "perhaps" } }),
    ];

    private static IEnumerable<CodeCase> Blocks(string method, string snapshot) =>
    [
        .. Maps(method, "secrets"),
        Case(Invalid, method, "fewer than no results", new { max_results = -1 }),
        Case(Range, method, "an offset before the volume", new { starting_offset = -1 }),
        Case(Range, method, "an offset behind the volume", new { starting_offset = CodeScene.Size + 1 }),
        Case(NotFound, method, "not there", One(snapshot, Nothing)),
        Case(Failed, method, "damaged", One(snapshot, CodeScene.Damaged)),
    ];
}

using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Volumes;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RpcType = Csi.V1.GroupControllerServiceCapability.Types.RPC.Types.Type;

namespace CsiTcmu.Csi;

/// <summary>
/// The GroupController service: snapshots of several volumes at one instant. Each method checks its request by the rules of the specification,
/// asks the catalogue, and answers; repeats and locks are the catalogue's.
/// </summary>
/// <param name="snapshots">The snapshots.</param>
/// <param name="nodeId">The node whose snapshots these are; null when they are of many.</param>
public sealed class GroupControllerService(ISnapshotCatalogue snapshots, string? nodeId) : GroupController.GroupControllerBase
{
    /// <inheritdoc/>
    public override Task<GroupControllerGetCapabilitiesResponse> GroupControllerGetCapabilities(
        GroupControllerGetCapabilitiesRequest request, ServerCallContext context) =>
        Task.FromResult(new GroupControllerGetCapabilitiesResponse
        {
            Capabilities = { new GroupControllerServiceCapability { Rpc = new() { Type = RpcType.CreateDeleteGetVolumeGroupSnapshot } } },
        });

    /// <inheritdoc/>
    public override async Task<CreateVolumeGroupSnapshotResponse> CreateVolumeGroupSnapshot(
        CreateVolumeGroupSnapshotRequest request, ServerCallContext context)
    {
        var name = Fields.Required(request.Name, "name");
        if (request.SourceVolumeIds.Count == 0)
            throw CsiErrors.InvalidArgument("source_volume_ids is required");
        CheckIds(request.SourceVolumeIds, "source_volume_ids");
        Fields.Map(request.Parameters, "parameters");
        Fields.Map(request.Secrets, "secrets");

        var wish = new GroupWish
        {
            Name = name,
            SourceVolumeIds = [.. request.SourceVolumeIds],
            Parameters = new Dictionary<string, string>(request.Parameters, StringComparer.Ordinal),
        };
        return new CreateVolumeGroupSnapshotResponse { GroupSnapshot = Describe(await snapshots.CreateGroupAsync(wish, context.CancellationToken)) };
    }

    /// <inheritdoc/>
    public override async Task<DeleteVolumeGroupSnapshotResponse> DeleteVolumeGroupSnapshot(
        DeleteVolumeGroupSnapshotRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.GroupSnapshotId, "group_snapshot_id");
        CheckIds(request.SnapshotIds, "snapshot_ids");
        Fields.Map(request.Secrets, "secrets");

        await snapshots.DeleteGroupAsync(id, [.. request.SnapshotIds], context.CancellationToken);
        return new DeleteVolumeGroupSnapshotResponse();
    }

    /// <inheritdoc/>
    public override async Task<GetVolumeGroupSnapshotResponse> GetVolumeGroupSnapshot(GetVolumeGroupSnapshotRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.GroupSnapshotId, "group_snapshot_id");
        CheckIds(request.SnapshotIds, "snapshot_ids");
        Fields.Map(request.Secrets, "secrets");

        return new GetVolumeGroupSnapshotResponse
        {
            GroupSnapshot = Describe(await snapshots.GetGroupAsync(id, [.. request.SnapshotIds], context.CancellationToken)),
        };
    }

    private static void CheckIds(RepeatedField<string> ids, string field)
    {
        for (var i = 0; i < ids.Count; i++)
            Fields.Required(ids[i], $"{field}[{i}]");
    }

    private VolumeGroupSnapshot Describe(SnapshotGroup group) => new()
    {
        GroupSnapshotId = group.Id,
        Snapshots = { group.Snapshots.Select(snapshot => Snapshots.Describe(snapshot, nodeId)) },
        CreationTime = Timestamp.FromDateTimeOffset(group.Created),
        ReadyToUse = true,
    };
}

using System.Text;
using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi;

public sealed partial class ControllerService
{
    /// <inheritdoc/>
    public override async Task<CreateSnapshotResponse> CreateSnapshot(CreateSnapshotRequest request, ServerCallContext context)
    {
        if (snapshots is null) return await base.CreateSnapshot(request, context);
        var source = Fields.Required(request.SourceVolumeId, "source_volume_id");
        var name = Fields.Required(request.Name, "name");
        Fields.Map(request.Parameters, "parameters");
        Fields.Map(request.Secrets, "secrets");
        if (nodeId is not null) Topologies.Check(request.AccessibilityRequirements, nodeId);

        var wish = new SnapshotWish
        {
            Name = name,
            SourceVolumeId = source,
            Parameters = new Dictionary<string, string>(request.Parameters, StringComparer.Ordinal),
        };
        return new CreateSnapshotResponse { Snapshot = Snapshots.Describe(await snapshots.CreateSnapshotAsync(wish, context.CancellationToken), nodeId) };
    }

    /// <inheritdoc/>
    public override async Task<DeleteSnapshotResponse> DeleteSnapshot(DeleteSnapshotRequest request, ServerCallContext context)
    {
        if (snapshots is null) return await base.DeleteSnapshot(request, context);
        var id = Fields.Required(request.SnapshotId, "snapshot_id");
        Fields.Map(request.Secrets, "secrets");

        await snapshots.DeleteSnapshotAsync(id, context.CancellationToken);
        return new DeleteSnapshotResponse();
    }

    /// <inheritdoc/>
    public override async Task<ListSnapshotsResponse> ListSnapshots(ListSnapshotsRequest request, ServerCallContext context)
    {
        if (snapshots is null) return await base.ListSnapshots(request, context);
        if (request.MaxEntries < 0)
            throw CsiErrors.InvalidArgument($"max_entries is negative: {request.MaxEntries}");
        Fields.Optional(request.SourceVolumeId, "source_volume_id");
        Fields.Optional(request.SnapshotId, "snapshot_id");
        Fields.Map(request.Secrets, "secrets");

        // A token that no page ever had is ABORTED, whatever is wrong with it, so that the caller begins again.
        if (Encoding.UTF8.GetByteCount(request.StartingToken) > Fields.MaximumString)
            throw CsiErrors.Error(StatusCode.Aborted, "starting_token is not a token of ours; begin again without it");

        var page = await snapshots.ListSnapshotsAsync(
            new SnapshotFilter(request.SnapshotId, request.SourceVolumeId), request.MaxEntries, request.StartingToken, context.CancellationToken);
        return new ListSnapshotsResponse
        {
            Entries = { page.Snapshots.Select(snapshot => new ListSnapshotsResponse.Types.Entry { Snapshot = Snapshots.Describe(snapshot, nodeId) }) },
            NextToken = page.NextToken,
        };
    }

    /// <inheritdoc/>
    public override async Task<GetSnapshotResponse> GetSnapshot(GetSnapshotRequest request, ServerCallContext context)
    {
        if (snapshots is null) return await base.GetSnapshot(request, context);
        var id = Fields.Required(request.SnapshotId, "snapshot_id");
        Fields.Map(request.Secrets, "secrets");

        return new GetSnapshotResponse { Snapshot = Snapshots.Describe(await snapshots.GetSnapshotAsync(id, context.CancellationToken), nodeId) };
    }
}

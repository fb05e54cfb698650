using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>
/// The SnapshotMetadata service: which blocks of a snapshot hold data, and which have changed since another one. Blocks are found and sent message by
/// message; a call that was interrupted goes on at the offset behind the last range that arrived.
/// </summary>
/// <param name="snapshots">The snapshots.</param>
public sealed class SnapshotMetadataService(ISnapshotBlocks snapshots) : SnapshotMetadata.SnapshotMetadataBase
{
    /// <summary>Ranges in a message when the caller does not say, and at most: a message stays far below the 4 MiB that clients take.</summary>
    internal const int MaximumRanges = 4096;

    /// <inheritdoc/>
    public override async Task GetMetadataAllocated(
        GetMetadataAllocatedRequest request, IServerStreamWriter<GetMetadataAllocatedResponse> responseStream, ServerCallContext context)
    {
        var id = Fields.Required(request.SnapshotId, "snapshot_id");
        var most = RangesPerMessage(request.MaxResults);
        Fields.Map(request.Secrets, "secrets");
        CheckOffset(request.StartingOffset);

        using var blocks = await snapshots.OpenAllocatedAsync(id, request.StartingOffset);
        await SendAsync(blocks, most, ranges => responseStream.WriteAsync(new GetMetadataAllocatedResponse
        {
            BlockMetadataType = BlockMetadataType.VariableLength,
            VolumeCapacityBytes = blocks.Size,
            BlockMetadata = { ranges },
        }, context.CancellationToken), context.CancellationToken);
    }

    /// <inheritdoc/>
    public override async Task GetMetadataDelta(
        GetMetadataDeltaRequest request, IServerStreamWriter<GetMetadataDeltaResponse> responseStream, ServerCallContext context)
    {
        var origin = Fields.Required(request.BaseSnapshotId, "base_snapshot_id");
        var target = Fields.Required(request.TargetSnapshotId, "target_snapshot_id");
        var most = RangesPerMessage(request.MaxResults);
        Fields.Map(request.Secrets, "secrets");
        CheckOffset(request.StartingOffset);

        using var blocks = await snapshots.OpenChangedAsync(origin, target, request.StartingOffset);
        await SendAsync(blocks, most, ranges => responseStream.WriteAsync(new GetMetadataDeltaResponse
        {
            BlockMetadataType = BlockMetadataType.VariableLength,
            VolumeCapacityBytes = blocks.Size,
            BlockMetadata = { ranges },
        }, context.CancellationToken), context.CancellationToken);
    }

    private static int RangesPerMessage(int maximum) => maximum switch
    {
        < 0 => throw CsiErrors.InvalidArgument($"max_results is negative: {maximum}"),
        0 => MaximumRanges,
        _ => Math.Min(maximum, MaximumRanges),
    };

    private static void CheckOffset(long offset)
    {
        if (offset < 0) throw CsiErrors.Error(StatusCode.OutOfRange, $"starting_offset is negative: {offset}");
    }

    /// <summary>Sends all ranges; when there are none, one message without any, so that the caller learns the volume's capacity.</summary>
    private static async Task SendAsync(BlockList blocks, int most, Func<IEnumerable<BlockMetadata>, Task> send, CancellationToken cancellationToken)
    {
        var sent = false;
        foreach (var ranges in blocks.Read(cancellationToken).Chunk(most))
        {
            await send(ranges.Select(range => new BlockMetadata { ByteOffset = range.Offset, SizeBytes = range.Length }));
            sent = true;
        }

        if (!sent) await send([]);
    }
}

using System.Net;
using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Grpc;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>
/// The SnapshotMetadata service of a cluster. The blocks of a snapshot are known on its node alone, so each call goes on to the node's driver
/// (<see cref="SnapshotMetadataEntrance"/>), which checks it and answers; its messages and its refusals come back as they are.
/// </summary>
/// <param name="places">Finds the node.</param>
/// <param name="identity">What is shown to the nodes, and expected of them.</param>
public sealed class SnapshotMetadataRelay(ISnapshotPlaces places, TlsIdentity identity) : SnapshotMetadata.SnapshotMetadataBase
{
    /// <inheritdoc/>
    public override Task GetMetadataAllocated(
        GetMetadataAllocatedRequest request, IServerStreamWriter<GetMetadataAllocatedResponse> responseStream, ServerCallContext context) => RelayAsync(
        Fields.Required(request.SnapshotId, "snapshot_id"), (node, cancellationToken) => node.GetMetadataAllocated(request, cancellationToken: cancellationToken), responseStream, context);

    /// <inheritdoc/>
    public override Task GetMetadataDelta(
        GetMetadataDeltaRequest request, IServerStreamWriter<GetMetadataDeltaResponse> responseStream, ServerCallContext context) => RelayAsync(
        Fields.Required(request.TargetSnapshotId, "target_snapshot_id"), (node, cancellationToken) => node.GetMetadataDelta(request, cancellationToken: cancellationToken), responseStream, context);

    private async Task RelayAsync<T>(
        string snapshotId, Func<SnapshotMetadata.SnapshotMetadataClient, CancellationToken, AsyncServerStreamingCall<T>> ask, IServerStreamWriter<T> answers, ServerCallContext context)
    {
        var endpoint = await places.FindBlocksAsync(snapshotId, context.CancellationToken);
        using var channel = TlsChannel.To(endpoint, identity);
        using var call = ask(new SnapshotMetadata.SnapshotMetadataClient(channel), context.CancellationToken);
        try
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync(context.CancellationToken)) await answers.WriteAsync(message, context.CancellationToken);
        }
        catch (RpcException failure) when (failure.Status.DebugException is { } cause && !context.CancellationToken.IsCancellationRequested)
        {
            // Not the node's answer, but that there is none.
            throw Unreachable(snapshotId, endpoint, cause);
        }
    }

    private static RpcException Unreachable(string snapshotId, IPEndPoint endpoint, Exception cause) => CsiErrors.Error(
        StatusCode.Unavailable, $"the driver at {endpoint}, whose node has snapshot '{snapshotId}', does not answer: {cause.GetBaseException().Message}", cause);
}

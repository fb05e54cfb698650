using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>Health of volumes and pools, as the node tells it.</summary>
public sealed partial class NodeService
{
    /// <inheritdoc/>
    public override async Task<NodeGetVolumeHealthResponse> NodeGetVolumeHealth(NodeGetVolumeHealthRequest request, ServerCallContext context)
    {
        if (specification != CsiSpecification.Csi113) return await base.NodeGetVolumeHealth(request, context);
        var id = Fields.Required(request.VolumeId, "volume_id");
        string[] paths =
        [
            Paths.Optional(request.VolumePublishPath, "volume_publish_path"),
            Paths.Optional(request.StagingTargetPath, "staging_target_path"),
        ];

        // The volume need not be there: its staging may have failed.
        var answer = await health.GetAsync(id, [.. paths.Where(path => path.Length > 0)], context.CancellationToken);
        return new NodeGetVolumeHealthResponse { VolumeHealth = Conditions.Of113(answer) };
    }

    /// <inheritdoc/>
    public override async Task<NodeGetStorageHealthResponse> NodeGetStorageHealth(NodeGetStorageHealthRequest request, ServerCallContext context)
    {
        if (specification != CsiSpecification.Csi113) return await base.NodeGetStorageHealth(request, context);
        Fields.Map(request.Secrets, "secrets");

        var pools = await health.GetPoolsAsync(context.CancellationToken);
        return new NodeGetStorageHealthResponse { BackendHealth = { Conditions.OfPools(pools) } };
    }

    /// <summary>Use and condition. A volume whose use cannot be told is still one whose condition can.</summary>
    private async Task<NodeGetVolumeStatsResponse> StatisticsWithConditionAsync(string id, string volumePath, CancellationToken cancellationToken)
    {
        var response = new NodeGetVolumeStatsResponse();
        VolumeException? problem = null;
        try
        {
            response.Usage.Add(Usage(await volumes.GetStatisticsAsync(id, volumePath, cancellationToken)));
        }
        catch (VolumeException refusal) when (refusal.Error is VolumeError.NotFound or VolumeError.FailedPrecondition or VolumeError.Unavailable)
        {
            problem = refusal;
        }

        var answer = await health.GetAsync(id, [volumePath], cancellationToken);
        if (problem is not null && !Explains(answer, problem)) throw problem;
        response.VolumeCondition = Conditions.Of112(answer);
        return response;
    }

    /// <summary>True when the volume's state says why its use cannot be told. That it is not at the path is a refusal, unless its disk is gone.</summary>
    private static bool Explains(Volumes.VolumeHealth answer, VolumeException problem) => problem.Error == VolumeError.NotFound
        ? answer.Entries.Any(entry => string.Equals(entry.Reason, HealthReasons.DiskGone, StringComparison.Ordinal))
        : answer.Entries.Count > 0;
}

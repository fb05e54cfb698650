using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Volumes;
using Grpc.Core;
using RpcType = Csi.V1.NodeServiceCapability.Types.RPC.Types.Type;

namespace CsiTcmu.Csi;

/// <summary>
/// The Node service: a volume becomes a disk, a file system, a path in a pod. Each method checks its request by the rules of the
/// specification, asks the node's volumes, and answers. What is not overridden is UNIMPLEMENTED.
/// </summary>
/// <param name="volumes">The volumes on this node.</param>
/// <param name="health">What is wrong with them.</param>
/// <param name="specification">How health is told.</param>
public sealed partial class NodeService(INodeVolumes volumes, INodeHealth health, CsiSpecification specification) : Node.NodeBase
{
    /// <summary>Says that no other call has made the volume and none will stage it (Kubernetes, inline volumes).</summary>
    private const string EphemeralKey = "csi.storage.k8s.io/ephemeral";

    private static readonly RpcType[] Types =
    [
        RpcType.StageUnstageVolume,
        RpcType.GetVolumeStats,
        RpcType.ExpandVolume,
        RpcType.SingleNodeMultiWriter,
    ];

    private static readonly RpcType[] HealthTypes112 = [RpcType.VolumeCondition];
    private static readonly RpcType[] HealthTypes113 = [RpcType.GetVolumeHealth, RpcType.GetStorageHealth];

    /// <inheritdoc/>
    public override async Task<NodeStageVolumeResponse> NodeStageVolume(NodeStageVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var stagingPath = Paths.Required(request.StagingTargetPath, "staging_target_path");
        var use = Capabilities.Required(request.VolumeCapability, StatusCode.FailedPrecondition);
        Fields.Map(request.PublishContext, "publish_context");
        Fields.Map(request.VolumeContext, "volume_context");
        Fields.Map(request.Secrets, "secrets");

        await volumes.StageAsync(id, stagingPath, use with { Secrets = Secrets(request.Secrets) }, context.CancellationToken);
        return new NodeStageVolumeResponse();
    }

    /// <inheritdoc/>
    public override async Task<NodeUnstageVolumeResponse> NodeUnstageVolume(NodeUnstageVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var stagingPath = Paths.Required(request.StagingTargetPath, "staging_target_path");

        await volumes.UnstageAsync(id, stagingPath, context.CancellationToken);
        return new NodeUnstageVolumeResponse();
    }

    /// <inheritdoc/>
    public override async Task<NodePublishVolumeResponse> NodePublishVolume(NodePublishVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var targetPath = Paths.Required(request.TargetPath, "target_path");
        var use = Capabilities.Required(request.VolumeCapability, StatusCode.FailedPrecondition);
        Fields.Map(request.PublishContext, "publish_context");
        Fields.Map(request.VolumeContext, "volume_context");
        Fields.Map(request.Secrets, "secrets");
        var stagingPath = Paths.Optional(request.StagingTargetPath, "staging_target_path");

        // A volume that is only ever read is mounted so, whatever the flag says. "Many nodes" are those of its topology: this one.
        var readOnly = request.Readonly || use.AccessMode is AccessMode.SingleNodeReaderOnly or AccessMode.MultiNodeReaderOnly;
        if (string.Equals(request.VolumeContext.GetValueOrDefault(EphemeralKey), "true", StringComparison.Ordinal))
        {
            await volumes.PublishEphemeralAsync(
                id,
                targetPath,
                use with { Secrets = Secrets(request.Secrets) },
                new Dictionary<string, string>(request.VolumeContext, StringComparer.Ordinal),
                readOnly,
                context.CancellationToken);
            return new NodePublishVolumeResponse();
        }

        if (stagingPath.Length == 0)
            throw CsiErrors.Error(StatusCode.FailedPrecondition, "staging_target_path is not set: call NodeStageVolume first and pass its path");
        if (Paths.Overlap(stagingPath, targetPath))
            throw CsiErrors.InvalidArgument("target_path and staging_target_path lie within each other; use separate directories");

        await volumes.PublishAsync(id, stagingPath, targetPath, use, readOnly, context.CancellationToken);
        return new NodePublishVolumeResponse();
    }

    /// <inheritdoc/>
    public override async Task<NodeUnpublishVolumeResponse> NodeUnpublishVolume(
        NodeUnpublishVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var targetPath = Paths.Required(request.TargetPath, "target_path");

        await volumes.UnpublishAsync(id, targetPath, context.CancellationToken);
        return new NodeUnpublishVolumeResponse();
    }

    /// <inheritdoc/>
    public override async Task<NodeGetVolumeStatsResponse> NodeGetVolumeStats(
        NodeGetVolumeStatsRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var volumePath = Paths.Lookup(request.VolumePath, "volume_path");
        Paths.Optional(request.StagingTargetPath, "staging_target_path");

        if (specification == CsiSpecification.Csi112) return await StatisticsWithConditionAsync(id, volumePath, context.CancellationToken);
        var statistics = await volumes.GetStatisticsAsync(id, volumePath, context.CancellationToken);
        return new NodeGetVolumeStatsResponse { Usage = { Usage(statistics) } };
    }

    /// <inheritdoc/>
    public override async Task<NodeExpandVolumeResponse> NodeExpandVolume(NodeExpandVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var volumePath = Paths.Lookup(request.VolumePath, "volume_path");
        var size = Capacities.Optional(request.CapacityRange);
        Paths.Optional(request.StagingTargetPath, "staging_target_path");
        Capabilities.Optional(request.VolumeCapability, StatusCode.InvalidArgument);
        Fields.Map(request.Secrets, "secrets");

        return new NodeExpandVolumeResponse
        {
            CapacityBytes = await volumes.ExpandAsync(id, volumePath, size, Secrets(request.Secrets), context.CancellationToken),
        };
    }

    /// <inheritdoc/>
    public override Task<NodeGetCapabilitiesResponse> NodeGetCapabilities(NodeGetCapabilitiesRequest request, ServerCallContext context) =>
        Task.FromResult(new NodeGetCapabilitiesResponse
        {
            Capabilities = { Types.Concat(HealthTypes).Select(type => new NodeServiceCapability { Rpc = new() { Type = type } }) },
        });

    /// <inheritdoc/>
    public override Task<NodeGetInfoResponse> NodeGetInfo(NodeGetInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new NodeGetInfoResponse
        {
            NodeId = volumes.NodeId,
            MaxVolumesPerNode = volumes.MaximumVolumes,
            AccessibleTopology = Topologies.Of(volumes.NodeId),
        });

    private RpcType[] HealthTypes => specification == CsiSpecification.Csi113 ? HealthTypes113 : HealthTypes112;

    private static VolumeSecrets Secrets(IEnumerable<KeyValuePair<string, string>> secrets) =>
        new(new Dictionary<string, string>(secrets, StringComparer.Ordinal));

    private static IEnumerable<VolumeUsage> Usage(VolumeStatistics statistics)
    {
        if (statistics.Block)
        {
            yield return new VolumeUsage { Unit = VolumeUsage.Types.Unit.Bytes, Total = statistics.TotalBytes };
            yield break;
        }

        yield return new VolumeUsage
        {
            Unit = VolumeUsage.Types.Unit.Bytes,
            Total = statistics.TotalBytes,
            Used = statistics.UsedBytes,
            Available = statistics.AvailableBytes,
        };
        // btrfs makes inodes as they are needed and counts none.
        if (statistics.TotalInodes == 0) yield break;
        yield return new VolumeUsage
        {
            Unit = VolumeUsage.Types.Unit.Inodes,
            Total = statistics.TotalInodes,
            Used = statistics.UsedInodes,
            Available = statistics.AvailableInodes,
        };
    }
}

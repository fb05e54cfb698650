using Csi.V1;
using CsiTcmu.Csi.Rules;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>Health of volumes, as the controller tells it.</summary>
public sealed partial class ControllerService
{
    /// <inheritdoc/>
    public override async Task<ControllerGetVolumeHealthResponse> ControllerGetVolumeHealth(
        ControllerGetVolumeHealthRequest request, ServerCallContext context)
    {
        if (specification != CsiSpecification.Csi113) return await base.ControllerGetVolumeHealth(request, context);
        var id = Fields.Required(request.VolumeId, "volume_id");
        Fields.Map(request.Secrets, "secrets");

        return new ControllerGetVolumeHealthResponse { VolumeHealth = Conditions.Of113(await health.GetAsync(id, [], context.CancellationToken)) };
    }

    /// <inheritdoc/>
    public override async Task<ControllerListVolumeHealthResponse> ControllerListVolumeHealth(
        ControllerListVolumeHealthRequest request, ServerCallContext context)
    {
        if (specification != CsiSpecification.Csi113) return await base.ControllerListVolumeHealth(request, context);
        Pages.Check(request.MaxEntries, request.StartingToken);
        Fields.Map(request.Secrets, "secrets");

        var page = await health.ListAsync(request.MaxEntries, request.StartingToken, abnormalOnly: true, context.CancellationToken);
        return new ControllerListVolumeHealthResponse { Entries = { page.Volumes.Select(Conditions.Of113) }, NextToken = page.NextToken };
    }

    /// <summary>A page of volumes, each with its condition; damaged ones, too.</summary>
    private async Task<ListVolumesResponse> ListWithConditionsAsync(ListVolumesRequest request, CancellationToken cancellationToken)
    {
        var page = await health.ListAsync(request.MaxEntries, request.StartingToken, abnormalOnly: false, cancellationToken);
        return new ListVolumesResponse
        {
            Entries =
            {
                page.Volumes.Select(volume => new ListVolumesResponse.Types.Entry
                {
                    Volume = Describe(volume),
                    Status = new() { VolumeCondition = Conditions.Of112(volume) },
                }),
            },
            NextToken = page.NextToken,
        };
    }

    private async Task<ControllerGetVolumeResponse> GetWithConditionAsync(string id, CancellationToken cancellationToken)
    {
        var volume = await health.GetAsync(id, [], cancellationToken);
        return new ControllerGetVolumeResponse { Volume = Describe(volume), Status = new() { VolumeCondition = Conditions.Of112(volume) } };
    }

    /// <summary>A volume that may be too damaged to be described: its size is unknown then, which is 0.</summary>
    private global::Csi.V1.Volume Describe(Volumes.VolumeHealth volume) => volume.Volume is { } whole
        ? Describe(whole)
        : new global::Csi.V1.Volume { VolumeId = volume.Id, AccessibleTopology = { nodeId is null ? [] : new[] { Topologies.Of(nodeId) } } };
}

using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Volumes;
using Google.Protobuf.Collections;
using Grpc.Core;
using RpcType = Csi.V1.ControllerServiceCapability.Types.RPC.Types.Type;

namespace CsiTcmu.Csi;

/// <summary>
/// The Controller service: volumes and snapshots from birth to death, on one node or on many. Each method checks its request by the rules of the
/// specification, asks the catalogue, and answers; repeats and locks are the catalogue's. What is not overridden is UNIMPLEMENTED.
/// </summary>
/// <param name="catalogue">The volumes.</param>
/// <param name="snapshots">Their snapshots; null for volumes that have none.</param>
/// <param name="health">What is wrong with them.</param>
/// <param name="specification">How health is told.</param>
/// <param name="nodeId">The node whose volumes these are; null when they are of many.</param>
public sealed partial class ControllerService(
    IVolumeCatalogue catalogue, ISnapshotCatalogue? snapshots, IVolumeHealth health, CsiSpecification specification, string? nodeId)
    : Controller.ControllerBase
{
    private static readonly RpcType[] Types =
    [
        RpcType.CreateDeleteVolume,
        RpcType.ListVolumes,
        RpcType.GetCapacity,
        RpcType.ExpandVolume,
        RpcType.GetVolume,
        RpcType.SingleNodeMultiWriter,
        RpcType.ModifyVolume,
    ];

    private static readonly RpcType[] TypesOfSnapshots =
        [RpcType.CreateDeleteSnapshot, RpcType.ListSnapshots, RpcType.GetSnapshot, RpcType.CloneVolume];

    private static readonly RpcType[] HealthTypes112 = [RpcType.VolumeCondition];
    private static readonly RpcType[] HealthTypes113 = [RpcType.GetVolumeHealth, RpcType.ListVolumeHealth];

    /// <inheritdoc/>
    public override async Task<CreateVolumeResponse> CreateVolume(CreateVolumeRequest request, ServerCallContext context)
    {
        var name = Fields.Required(request.Name, "name");
        Capabilities.CheckForm(request.VolumeCapabilities, "volume_capabilities");
        if (Capabilities.Unsupported(request.VolumeCapabilities) is { } problem)
            throw CsiErrors.InvalidArgument($"volume_capabilities: {problem}");
        var size = Capacities.Optional(request.CapacityRange);
        Fields.Map(request.Parameters, "parameters");
        Fields.Map(request.MutableParameters, "mutable_parameters");
        Fields.Map(request.Secrets, "secrets");
        var source = Sources.Optional(request.VolumeContentSource);
        if (source is not null && snapshots is null)
            throw CsiErrors.InvalidArgument("volume_content_source is not supported; leave it out to make an empty volume");
        if (nodeId is not null) Topologies.Check(request.AccessibilityRequirements, nodeId);

        var wish = new VolumeWish
        {
            Name = name,
            Size = size,
            Parameters = new Dictionary<string, string>(request.Parameters, StringComparer.Ordinal),
            MutableParameters = new Dictionary<string, string>(request.MutableParameters, StringComparer.Ordinal),
            Block = Capabilities.IsBlock(request.VolumeCapabilities[0]),
            FileSystem = request.VolumeCapabilities.Select(Capabilities.FileSystem).FirstOrDefault(named => named.Length > 0) ?? "",
            Source = source,
            Nodes = nodeId is null ? Topologies.Choice(request.AccessibilityRequirements) : null,
        };
        return new CreateVolumeResponse { Volume = Describe(await catalogue.CreateAsync(wish, context.CancellationToken)) };
    }

    /// <inheritdoc/>
    public override async Task<DeleteVolumeResponse> DeleteVolume(DeleteVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        Fields.Map(request.Secrets, "secrets");

        await catalogue.DeleteAsync(id, context.CancellationToken);
        return new DeleteVolumeResponse();
    }

    /// <inheritdoc/>
    public override async Task<ValidateVolumeCapabilitiesResponse> ValidateVolumeCapabilities(
        ValidateVolumeCapabilitiesRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        Capabilities.CheckForm(request.VolumeCapabilities, "volume_capabilities");
        Fields.Map(request.VolumeContext, "volume_context");
        Fields.Map(request.Parameters, "parameters");
        Fields.Map(request.MutableParameters, "mutable_parameters");
        Fields.Map(request.Secrets, "secrets");

        var volume = await catalogue.GetAsync(id, context.CancellationToken);
        return Difference(request, volume) is { } difference
            ? new ValidateVolumeCapabilitiesResponse { Message = difference }
            : new ValidateVolumeCapabilitiesResponse
            {
                Confirmed = new()
                {
                    VolumeContext = { request.VolumeContext },
                    VolumeCapabilities = { request.VolumeCapabilities },
                    Parameters = { request.Parameters },
                    MutableParameters = { request.MutableParameters },
                },
            };
    }

    /// <inheritdoc/>
    public override async Task<ListVolumesResponse> ListVolumes(ListVolumesRequest request, ServerCallContext context)
    {
        Pages.Check(request.MaxEntries, request.StartingToken);
        if (specification == CsiSpecification.Csi112) return await ListWithConditionsAsync(request, context.CancellationToken);

        var page = await catalogue.ListAsync(request.MaxEntries, request.StartingToken, context.CancellationToken);
        return new ListVolumesResponse
        {
            Entries = { page.Volumes.Select(volume => new ListVolumesResponse.Types.Entry { Volume = Describe(volume) }) },
            NextToken = page.NextToken,
        };
    }

    /// <inheritdoc/>
    public override async Task<GetCapacityResponse> GetCapacity(GetCapacityRequest request, ServerCallContext context)
    {
        if (request.VolumeCapabilities.Count > 0)
            Capabilities.CheckForm(request.VolumeCapabilities, "volume_capabilities");
        Fields.Map(request.Parameters, "parameters");
        if (request.AccessibleTopology is { } topology)
        {
            Fields.Map(topology.Segments, "accessible_topology.segments");
            if (nodeId is null ? topology.Segments.Count > 0 && Topologies.Node(topology) is null : !Topologies.Contains(topology, nodeId))
                return NoRoom();
        }

        if (Capabilities.Unsupported(request.VolumeCapabilities) is not null)
            return NoRoom();

        var parameters = new Dictionary<string, string>(request.Parameters, StringComparer.Ordinal);
        var fileSystem = request.VolumeCapabilities.Select(Capabilities.FileSystem).FirstOrDefault(named => named.Length > 0) ?? "";
        var block = request.VolumeCapabilities.Count > 0 && Capabilities.IsBlock(request.VolumeCapabilities[0]);
        var room = catalogue is IPlacedVolumes placed && request.AccessibleTopology is { Segments.Count: > 0 }
            ? await placed.GetRoomAsync(Topologies.Node(request.AccessibleTopology), parameters, fileSystem, block, context.CancellationToken)
            : await catalogue.GetRoomAsync(parameters, fileSystem, block, context.CancellationToken);
        return new GetCapacityResponse
        {
            AvailableCapacity = room.Available,
            MaximumVolumeSize = room.MaximumVolumeSize,
            MinimumVolumeSize = room.MinimumVolumeSize,
        };
    }

    /// <inheritdoc/>
    public override async Task<ControllerExpandVolumeResponse> ControllerExpandVolume(
        ControllerExpandVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        var size = Capacities.Required(request.CapacityRange);
        var use = Capabilities.Optional(request.VolumeCapability, StatusCode.InvalidArgument);
        Fields.Map(request.Secrets, "secrets");

        var volume = await catalogue.ExpandAsync(id, size, context.CancellationToken);
        return new ControllerExpandVolumeResponse
        {
            CapacityBytes = volume.Size,

            // The catalogue has grown a disk that is present; a mapping, which needs the key, and a file system are left to the node.
            NodeExpansionRequired = volume.Encrypted || (!volume.Block && use is not { Block: true }),
        };
    }

    /// <inheritdoc/>
    public override async Task<ControllerModifyVolumeResponse> ControllerModifyVolume(
        ControllerModifyVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");
        if (request.MutableParameters.Count == 0) throw CsiErrors.InvalidArgument("mutable_parameters is required");
        Fields.Map(request.MutableParameters, "mutable_parameters");
        Fields.Map(request.Secrets, "secrets");

        await catalogue.ModifyAsync(
            id, new Dictionary<string, string>(request.MutableParameters, StringComparer.Ordinal), context.CancellationToken);
        return new ControllerModifyVolumeResponse();
    }

    /// <inheritdoc/>
    public override async Task<ControllerGetVolumeResponse> ControllerGetVolume(ControllerGetVolumeRequest request, ServerCallContext context)
    {
        var id = Fields.Required(request.VolumeId, "volume_id");

        if (specification == CsiSpecification.Csi112) return await GetWithConditionAsync(id, context.CancellationToken);
        return new ControllerGetVolumeResponse
        {
            Volume = Describe(await catalogue.GetAsync(id, context.CancellationToken)),
            Status = new(),
        };
    }

    /// <inheritdoc/>
    public override Task<ControllerGetCapabilitiesResponse> ControllerGetCapabilities(
        ControllerGetCapabilitiesRequest request, ServerCallContext context) =>
        Task.FromResult(new ControllerGetCapabilitiesResponse
        {
            Capabilities = { Types.Concat(SnapshotTypes).Concat(HealthTypes).Select(type => new ControllerServiceCapability { Rpc = new() { Type = type } }) },
        });

    private RpcType[] SnapshotTypes => snapshots is null ? [] : TypesOfSnapshots;

    private RpcType[] HealthTypes => specification == CsiSpecification.Csi113 ? HealthTypes113 : HealthTypes112;

    /// <summary>Nothing can be made under these conditions.</summary>
    private static GetCapacityResponse NoRoom() => new() { AvailableCapacity = 0, MaximumVolumeSize = 0 };

    /// <summary>Why the volume is not as the request says; null when it is.</summary>
    private static string? Difference(ValidateVolumeCapabilitiesRequest request, Volumes.Volume volume)
    {
        if (Capabilities.Unsupported(request.VolumeCapabilities) is { } problem)
            return problem;
        if (Capabilities.IsBlock(request.VolumeCapabilities[0]) != volume.Block)
            return $"the volume was made for {(volume.Block ? "raw block" : "a file system")}, the other was asked for";
        var other = request.VolumeCapabilities.Select(Capabilities.FileSystem)
            .FirstOrDefault(name => name.Length > 0 && !string.Equals(name, volume.FileSystem, StringComparison.Ordinal));
        if (other is not null)
            return $"file system {other} was asked for, the volume has {volume.FileSystem}";
        if (request.VolumeContext.Count > 0 && !Same(request.VolumeContext, Context(volume)))
            return "volume_context is not that of the volume";
        if (request.Parameters.Count > 0 && !Same(request.Parameters, volume.Parameters))
            return "parameters are not those of the volume";
        return request.MutableParameters.Count > 0 && !Same(request.MutableParameters, volume.MutableParameters)
            ? "mutable_parameters are not those of the volume"
            : null;
    }

    private static bool Same(MapField<string, string> given, IReadOnlyDictionary<string, string> own) =>
        given.Count == own.Count
        && given.All(entry => own.TryGetValue(entry.Key, out var value) && string.Equals(entry.Value, value, StringComparison.Ordinal));

    /// <summary>What people like to find beside a volume: it never changes and the driver needs none of it.</summary>
    private static Dictionary<string, string> Context(Volumes.Volume volume) => new(StringComparer.Ordinal)
    {
        [$"{CsiServices.DriverName}/pool"] = volume.Pool,
        [$"{CsiServices.DriverName}/wwid"] = volume.Wwid,
    };

    private global::Csi.V1.Volume Describe(Volumes.Volume volume) => new()
    {
        VolumeId = volume.Id,
        CapacityBytes = volume.Size,
        VolumeContext = { Context(volume) },
        ContentSource = Sources.Describe(volume.Source),
        AccessibleTopology = { Topologies.Of(nodeId ?? volume.Node) },
    };
}

using Csi.V1;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>The Identity service: who the driver is and whether it can serve.</summary>
/// <param name="vendorVersion">Version of the driver.</param>
/// <param name="ready">Tells whether the driver can serve; asked at each probe, so it returns at once.</param>
/// <param name="groups">True when there is a group controller.</param>
/// <param name="metadata">True when there is snapshot metadata.</param>
public sealed class IdentityService(string vendorVersion, Func<bool> ready, bool groups = false, bool metadata = false) : Identity.IdentityBase
{
    private static readonly PluginCapability[] GroupServices = [Service(PluginCapability.Types.Service.Types.Type.GroupControllerService)];
    private static readonly PluginCapability[] MetadataServices = [Service(PluginCapability.Types.Service.Types.Type.SnapshotMetadataService)];

    /// <inheritdoc/>
    public override Task<GetPluginInfoResponse> GetPluginInfo(GetPluginInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPluginInfoResponse { Name = CsiServices.DriverName, VendorVersion = vendorVersion });

    /// <inheritdoc/>
    public override Task<GetPluginCapabilitiesResponse> GetPluginCapabilities(
        GetPluginCapabilitiesRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPluginCapabilitiesResponse
        {
            Capabilities =
            {
                Service(PluginCapability.Types.Service.Types.Type.ControllerService),
                Service(PluginCapability.Types.Service.Types.Type.VolumeAccessibilityConstraints),
                groups ? GroupServices : Array.Empty<PluginCapability>(),
                metadata ? MetadataServices : Array.Empty<PluginCapability>(),
                new PluginCapability
                {
                    VolumeExpansion = new() { Type = PluginCapability.Types.VolumeExpansion.Types.Type.Online },
                },
            },
        });

    /// <inheritdoc/>
    public override Task<ProbeResponse> Probe(ProbeRequest request, ServerCallContext context) =>
        Task.FromResult(new ProbeResponse { Ready = ready() });

    private static PluginCapability Service(PluginCapability.Types.Service.Types.Type type) => new() { Service = new() { Type = type } };
}

using Csi.V1;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>The Identity service: who the driver is and whether it can serve.</summary>
/// <param name="vendorVersion">Version of the driver.</param>
/// <param name="ready">Tells whether the driver can serve; asked at each probe, so it returns at once.</param>
/// <param name="snapshots">True when there are a group controller and snapshot metadata.</param>
public sealed class IdentityService(string vendorVersion, Func<bool> ready, bool snapshots = false) : Identity.IdentityBase
{
    private static readonly PluginCapability[] SnapshotServices =
    [
        Service(PluginCapability.Types.Service.Types.Type.GroupControllerService),
        Service(PluginCapability.Types.Service.Types.Type.SnapshotMetadataService),
    ];

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
                snapshots ? SnapshotServices : Array.Empty<PluginCapability>(),
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

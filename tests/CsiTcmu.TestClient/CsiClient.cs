using Csi.V1;
using Google.Protobuf;

namespace CsiTcmu.TestClient;

/// <summary>
/// A CSI client for tests: every method of every service; a stream is waited for to its end. A status other than OK is a <see cref="CallFailedException"/>.
/// </summary>
/// <param name="socketPath">Path of the driver's unix socket.</param>
public sealed class CsiClient(string socketPath) : IDisposable
{
    private readonly Caller _caller = new(socketPath);

    /// <summary>How long each call may take, told to the server; null for no limit.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _caller.Dispose();

    /// <summary>Calls <c>Identity.GetPluginInfo</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<GetPluginInfoResponse> GetPluginInfoAsync(GetPluginInfoRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<GetPluginInfoResponse>("Identity/GetPluginInfo", request, cancellationToken);

    /// <summary>Calls <c>Identity.GetPluginCapabilities</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<GetPluginCapabilitiesResponse> GetPluginCapabilitiesAsync(
        GetPluginCapabilitiesRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<GetPluginCapabilitiesResponse>("Identity/GetPluginCapabilities", request, cancellationToken);

    /// <summary>Calls <c>Identity.Probe</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ProbeResponse> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ProbeResponse>("Identity/Probe", request, cancellationToken);

    /// <summary>Calls <c>Controller.CreateVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<CreateVolumeResponse> CreateVolumeAsync(CreateVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<CreateVolumeResponse>("Controller/CreateVolume", request, cancellationToken);

    /// <summary>Calls <c>Controller.DeleteVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<DeleteVolumeResponse> DeleteVolumeAsync(DeleteVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<DeleteVolumeResponse>("Controller/DeleteVolume", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerPublishVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerPublishVolumeResponse> ControllerPublishVolumeAsync(
        ControllerPublishVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerPublishVolumeResponse>("Controller/ControllerPublishVolume", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerUnpublishVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerUnpublishVolumeResponse> ControllerUnpublishVolumeAsync(
        ControllerUnpublishVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerUnpublishVolumeResponse>("Controller/ControllerUnpublishVolume", request, cancellationToken);

    /// <summary>Calls <c>Controller.ValidateVolumeCapabilities</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ValidateVolumeCapabilitiesResponse> ValidateVolumeCapabilitiesAsync(
        ValidateVolumeCapabilitiesRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ValidateVolumeCapabilitiesResponse>("Controller/ValidateVolumeCapabilities", request, cancellationToken);

    /// <summary>Calls <c>Controller.ListVolumes</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ListVolumesResponse> ListVolumesAsync(ListVolumesRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ListVolumesResponse>("Controller/ListVolumes", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerListVolumeHealth</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerListVolumeHealthResponse> ControllerListVolumeHealthAsync(
        ControllerListVolumeHealthRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerListVolumeHealthResponse>("Controller/ControllerListVolumeHealth", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerGetVolumeHealth</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerGetVolumeHealthResponse> ControllerGetVolumeHealthAsync(
        ControllerGetVolumeHealthRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerGetVolumeHealthResponse>("Controller/ControllerGetVolumeHealth", request, cancellationToken);

    /// <summary>Calls <c>Controller.GetCapacity</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<GetCapacityResponse> GetCapacityAsync(GetCapacityRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<GetCapacityResponse>("Controller/GetCapacity", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerGetCapabilities</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerGetCapabilitiesResponse> ControllerGetCapabilitiesAsync(
        ControllerGetCapabilitiesRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerGetCapabilitiesResponse>("Controller/ControllerGetCapabilities", request, cancellationToken);

    /// <summary>Calls <c>Controller.CreateSnapshot</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<CreateSnapshotResponse> CreateSnapshotAsync(CreateSnapshotRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<CreateSnapshotResponse>("Controller/CreateSnapshot", request, cancellationToken);

    /// <summary>Calls <c>Controller.DeleteSnapshot</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<DeleteSnapshotResponse> DeleteSnapshotAsync(DeleteSnapshotRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<DeleteSnapshotResponse>("Controller/DeleteSnapshot", request, cancellationToken);

    /// <summary>Calls <c>Controller.ListSnapshots</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ListSnapshotsResponse> ListSnapshotsAsync(ListSnapshotsRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ListSnapshotsResponse>("Controller/ListSnapshots", request, cancellationToken);

    /// <summary>Calls <c>Controller.GetSnapshot</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<GetSnapshotResponse> GetSnapshotAsync(GetSnapshotRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<GetSnapshotResponse>("Controller/GetSnapshot", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerExpandVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerExpandVolumeResponse> ControllerExpandVolumeAsync(
        ControllerExpandVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerExpandVolumeResponse>("Controller/ControllerExpandVolume", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerGetVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerGetVolumeResponse> ControllerGetVolumeAsync(
        ControllerGetVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerGetVolumeResponse>("Controller/ControllerGetVolume", request, cancellationToken);

    /// <summary>Calls <c>Controller.ControllerModifyVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<ControllerModifyVolumeResponse> ControllerModifyVolumeAsync(
        ControllerModifyVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<ControllerModifyVolumeResponse>("Controller/ControllerModifyVolume", request, cancellationToken);

    /// <summary>Calls <c>GroupController.GroupControllerGetCapabilities</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<GroupControllerGetCapabilitiesResponse> GroupControllerGetCapabilitiesAsync(
        GroupControllerGetCapabilitiesRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<GroupControllerGetCapabilitiesResponse>("GroupController/GroupControllerGetCapabilities", request, cancellationToken);

    /// <summary>Calls <c>GroupController.CreateVolumeGroupSnapshot</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<CreateVolumeGroupSnapshotResponse> CreateVolumeGroupSnapshotAsync(
        CreateVolumeGroupSnapshotRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<CreateVolumeGroupSnapshotResponse>("GroupController/CreateVolumeGroupSnapshot", request, cancellationToken);

    /// <summary>Calls <c>GroupController.DeleteVolumeGroupSnapshot</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<DeleteVolumeGroupSnapshotResponse> DeleteVolumeGroupSnapshotAsync(
        DeleteVolumeGroupSnapshotRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<DeleteVolumeGroupSnapshotResponse>("GroupController/DeleteVolumeGroupSnapshot", request, cancellationToken);

    /// <summary>Calls <c>GroupController.GetVolumeGroupSnapshot</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<GetVolumeGroupSnapshotResponse> GetVolumeGroupSnapshotAsync(
        GetVolumeGroupSnapshotRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<GetVolumeGroupSnapshotResponse>("GroupController/GetVolumeGroupSnapshot", request, cancellationToken);

    /// <summary>Calls <c>SnapshotMetadata.GetMetadataAllocated</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The responses.</returns>
    public Task<IReadOnlyList<GetMetadataAllocatedResponse>> GetMetadataAllocatedAsync(
        GetMetadataAllocatedRequest request, CancellationToken cancellationToken = default) =>
        StreamAsync<GetMetadataAllocatedResponse>("SnapshotMetadata/GetMetadataAllocated", request, cancellationToken);

    /// <summary>Calls <c>SnapshotMetadata.GetMetadataDelta</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The responses.</returns>
    public Task<IReadOnlyList<GetMetadataDeltaResponse>> GetMetadataDeltaAsync(
        GetMetadataDeltaRequest request, CancellationToken cancellationToken = default) =>
        StreamAsync<GetMetadataDeltaResponse>("SnapshotMetadata/GetMetadataDelta", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeStageVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeStageVolumeResponse> NodeStageVolumeAsync(
        NodeStageVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeStageVolumeResponse>("Node/NodeStageVolume", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeUnstageVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeUnstageVolumeResponse> NodeUnstageVolumeAsync(
        NodeUnstageVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeUnstageVolumeResponse>("Node/NodeUnstageVolume", request, cancellationToken);

    /// <summary>Calls <c>Node.NodePublishVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodePublishVolumeResponse> NodePublishVolumeAsync(
        NodePublishVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodePublishVolumeResponse>("Node/NodePublishVolume", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeUnpublishVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeUnpublishVolumeResponse> NodeUnpublishVolumeAsync(
        NodeUnpublishVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeUnpublishVolumeResponse>("Node/NodeUnpublishVolume", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeGetVolumeStats</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeGetVolumeStatsResponse> NodeGetVolumeStatsAsync(
        NodeGetVolumeStatsRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeGetVolumeStatsResponse>("Node/NodeGetVolumeStats", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeGetVolumeHealth</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeGetVolumeHealthResponse> NodeGetVolumeHealthAsync(
        NodeGetVolumeHealthRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeGetVolumeHealthResponse>("Node/NodeGetVolumeHealth", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeGetStorageHealth</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeGetStorageHealthResponse> NodeGetStorageHealthAsync(
        NodeGetStorageHealthRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeGetStorageHealthResponse>("Node/NodeGetStorageHealth", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeExpandVolume</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeExpandVolumeResponse> NodeExpandVolumeAsync(
        NodeExpandVolumeRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeExpandVolumeResponse>("Node/NodeExpandVolume", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeGetCapabilities</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeGetCapabilitiesResponse> NodeGetCapabilitiesAsync(
        NodeGetCapabilitiesRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeGetCapabilitiesResponse>("Node/NodeGetCapabilities", request, cancellationToken);

    /// <summary>Calls <c>Node.NodeGetInfo</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The response.</returns>
    public Task<NodeGetInfoResponse> NodeGetInfoAsync(NodeGetInfoRequest request, CancellationToken cancellationToken = default) =>
        CallAsync<NodeGetInfoResponse>("Node/NodeGetInfo", request, cancellationToken);

    private Task<IReadOnlyList<TResponse>> StreamAsync<TResponse>(string method, IMessage request, CancellationToken cancellationToken)
        where TResponse : IMessage<TResponse>, new() =>
        _caller.StreamAsync<TResponse>("/csi.v1." + method, request, Timeout, cancellationToken);

    private Task<TResponse> CallAsync<TResponse>(string method, IMessage request, CancellationToken cancellationToken)
        where TResponse : IMessage<TResponse>, new() =>
        _caller.CallAsync<TResponse>("/csi.v1." + method, request, Timeout, cancellationToken);
}

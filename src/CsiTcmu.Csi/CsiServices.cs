using Csi.V1;
using CsiTcmu.Csi.Rules;
using CsiTcmu.Grpc;
using CsiTcmu.Volumes;

namespace CsiTcmu.Csi;

/// <summary>The CSI services of one node, and the names under which the driver is known.</summary>
public static class CsiServices
{
    /// <summary>Name of the driver, as <c>provisioner</c> of a StorageClass says it.</summary>
    public const string DriverName = "csi-tcmu.io";

    /// <summary>The one key of topology; its value is the node id.</summary>
    public const string TopologyKey = "csi-tcmu.io/node";

    /// <summary>
    /// Adds Identity, Controller, GroupController, SnapshotMetadata and Node to a server. The server's options carry <see cref="CallLog.InterceptAsync"/>, without which
    /// failures of volumes have no code.
    /// </summary>
    /// <param name="server">The server, not yet started.</param>
    /// <param name="catalogue">The volumes, for the controller.</param>
    /// <param name="snapshots">Their snapshots, for the controller and the group controller.</param>
    /// <param name="blocks">The snapshots' blocks, for the snapshot metadata service.</param>
    /// <param name="node">The volumes on this node.</param>
    /// <param name="health">What is wrong with volumes and pools.</param>
    /// <param name="specification">How health is told.</param>
    /// <param name="vendorVersion">Version of the driver, not empty.</param>
    /// <param name="ready">Tells whether the driver can serve; asked at each probe, so it returns at once.</param>
    /// <exception cref="ArgumentException">The node id cannot be a topology segment, or the version is empty.</exception>
    public static void Register(
        GrpcServer server,
        IVolumeCatalogue catalogue,
        ISnapshotCatalogue snapshots,
        ISnapshotBlocks blocks,
        INodeVolumes node,
        INodeHealth health,
        CsiSpecification specification,
        string vendorVersion,
        Func<bool> ready)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(snapshots);
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(health);
        ArgumentException.ThrowIfNullOrEmpty(vendorVersion);
        ArgumentNullException.ThrowIfNull(ready);
        CheckNodeId(node.NodeId);

        server.AddService(Identity.BindService(new IdentityService(vendorVersion, ready, groups: true, metadata: true)));
        server.AddService(Controller.BindService(new ControllerService(catalogue, snapshots, health, specification, node.NodeId)));
        server.AddService(GroupController.BindService(new GroupControllerService(snapshots, node.NodeId)));
        server.AddService(SnapshotMetadata.BindService(new SnapshotMetadataService(blocks)));
        server.AddService(Node.BindService(new NodeService(node, health, specification)));
    }

    /// <summary>Adds Identity, Controller and GroupController for the volumes of many nodes, and SnapshotMetadata when their blocks can be asked for.</summary>
    /// <param name="server">The server, not yet started.</param>
    /// <param name="volumes">The volumes.</param>
    /// <param name="snapshots">Their snapshots.</param>
    /// <param name="health">What is wrong with them.</param>
    /// <param name="specification">How health is told.</param>
    /// <param name="vendorVersion">Version of the driver, not empty.</param>
    /// <param name="ready">Tells whether the driver can serve; asked at each probe, so it returns at once.</param>
    /// <param name="blocks">Asks the nodes for the blocks of snapshots; null when nobody does.</param>
    public static void RegisterController(
        GrpcServer server, IPlacedVolumes volumes, ISnapshotCatalogue snapshots, IVolumeHealth health, CsiSpecification specification, string vendorVersion, Func<bool> ready,
        SnapshotMetadataRelay? blocks = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(volumes);
        ArgumentNullException.ThrowIfNull(snapshots);
        ArgumentNullException.ThrowIfNull(health);
        ArgumentException.ThrowIfNullOrEmpty(vendorVersion);
        ArgumentNullException.ThrowIfNull(ready);

        server.AddService(Identity.BindService(new IdentityService(vendorVersion, ready, groups: true, metadata: blocks is not null)));
        server.AddService(Controller.BindService(new ControllerService(volumes, snapshots, health, specification, nodeId: null)));
        server.AddService(GroupController.BindService(new GroupControllerService(snapshots, nodeId: null)));
        if (blocks is not null) server.AddService(SnapshotMetadata.BindService(blocks));
    }

    /// <summary>Adds Identity and Node: what the kubelet of a node asks.</summary>
    /// <param name="server">The server, not yet started.</param>
    /// <param name="node">The volumes on this node.</param>
    /// <param name="health">What is wrong with them.</param>
    /// <param name="specification">How health is told.</param>
    /// <param name="vendorVersion">Version of the driver, not empty.</param>
    /// <param name="ready">Tells whether the driver can serve; asked at each probe, so it returns at once.</param>
    /// <exception cref="ArgumentException">The node id cannot be a topology segment, or the version is empty.</exception>
    public static void RegisterNode(
        GrpcServer server, INodeVolumes node, INodeHealth health, CsiSpecification specification, string vendorVersion, Func<bool> ready)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(health);
        ArgumentException.ThrowIfNullOrEmpty(vendorVersion);
        ArgumentNullException.ThrowIfNull(ready);
        CheckNodeId(node.NodeId);

        server.AddService(Identity.BindService(new IdentityService(vendorVersion, ready)));
        server.AddService(Node.BindService(new NodeService(node, health, specification)));
    }

    /// <summary>A node id is also a topology segment: 1 to 63 letters, digits, dashes, underscores and dots.</summary>
    /// <param name="nodeId">The node id.</param>
    /// <exception cref="ArgumentException">It is not; the message tells why.</exception>
    public static void CheckNodeId(string nodeId)
    {
        ArgumentNullException.ThrowIfNull(nodeId);
        if (Topologies.Problem(nodeId) is { } problem)
            throw new ArgumentException($"The node id \"{nodeId}\" {problem}: it is the value of the topology key {TopologyKey}.", nameof(nodeId));
    }
}

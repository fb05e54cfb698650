using CsiTcmu.Kubernetes.Client;

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>The kinds that the driver reads or writes.</summary>
public static class Kinds
{
    /// <summary>Group of the driver's own kinds.</summary>
    public const string Group = "csi-tcmu.io";

    /// <summary>Group and version of the driver's own kinds.</summary>
    public const string GroupVersion = Group + "/v1alpha1";

    /// <summary>Volumes.</summary>
    public static ResourceKind<TcmuVolume> Volumes { get; } = new(
        GroupVersion, "tcmuvolumes", Namespaced: false, ResourceJson.Default.TcmuVolume, ResourceJson.Default.ResourceListTcmuVolume);

    /// <summary>Status of volumes.</summary>
    public static StatusKind<TcmuVolume, TcmuVolumeStatus> VolumeStatus { get; } = new(
        Volumes, nameof(TcmuVolume), ResourceJson.Default.AppliedStatusTcmuVolumeStatus);

    /// <summary>Nodes that run the driver.</summary>
    public static ResourceKind<TcmuNode> TcmuNodes { get; } = new(
        GroupVersion, "tcmunodes", Namespaced: false, ResourceJson.Default.TcmuNode, ResourceJson.Default.ResourceListTcmuNode);

    /// <summary>Status of nodes that run the driver.</summary>
    public static StatusKind<TcmuNode, TcmuNodeStatus> TcmuNodeStatus { get; } = new(
        TcmuNodes, nameof(TcmuNode), ResourceJson.Default.AppliedStatusTcmuNodeStatus);

    /// <summary>Nodes of the cluster.</summary>
    public static ResourceKind<CoreNode> Nodes { get; } = new(
        "v1", "nodes", Namespaced: false, ResourceJson.Default.CoreNode, ResourceJson.Default.ResourceListCoreNode);

    /// <summary>What is registered on the nodes of the cluster.</summary>
    public static ResourceKind<CsiNode> CsiNodes { get; } = new(
        "storage.k8s.io/v1", "csinodes", Namespaced: false, ResourceJson.Default.CsiNode, ResourceJson.Default.ResourceListCsiNode);

    /// <summary>Events.</summary>
    public static ResourceKind<CoreEvent> Events { get; } = new(
        "v1", "events", Namespaced: true, ResourceJson.Default.CoreEvent, ResourceJson.Default.ResourceListCoreEvent);
}

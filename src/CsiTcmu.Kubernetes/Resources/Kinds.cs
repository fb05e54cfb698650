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

    /// <summary>Snapshots.</summary>
    public static ResourceKind<TcmuSnapshot> Snapshots { get; } = new(
        GroupVersion, "tcmusnapshots", Namespaced: false, ResourceJson.Default.TcmuSnapshot, ResourceJson.Default.ResourceListTcmuSnapshot);

    /// <summary>Status of snapshots.</summary>
    public static StatusKind<TcmuSnapshot, TcmuSnapshotStatus> SnapshotStatus { get; } = new(
        Snapshots, nameof(TcmuSnapshot), ResourceJson.Default.AppliedStatusTcmuSnapshotStatus);

    /// <summary>Groups of snapshots.</summary>
    public static ResourceKind<TcmuSnapshotGroup> Groups { get; } = new(
        GroupVersion, "tcmusnapshotgroups", Namespaced: false, ResourceJson.Default.TcmuSnapshotGroup, ResourceJson.Default.ResourceListTcmuSnapshotGroup);

    /// <summary>Status of groups of snapshots.</summary>
    public static StatusKind<TcmuSnapshotGroup, TcmuSnapshotGroupStatus> GroupStatus { get; } = new(
        Groups, nameof(TcmuSnapshotGroup), ResourceJson.Default.AppliedStatusTcmuSnapshotGroupStatus);

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

    /// <summary>Persistent volumes.</summary>
    public static ResourceKind<PersistentVolume> PersistentVolumes { get; } = new(
        "v1", "persistentvolumes", Namespaced: false, ResourceJson.Default.PersistentVolume, ResourceJson.Default.ResourceListPersistentVolume);

    /// <summary>Claims.</summary>
    public static ResourceKind<PersistentVolumeClaim> Claims { get; } = new(
        "v1", "persistentvolumeclaims", Namespaced: true, ResourceJson.Default.PersistentVolumeClaim, ResourceJson.Default.ResourceListPersistentVolumeClaim);

    /// <summary>Events.</summary>
    public static ResourceKind<CoreEvent> Events { get; } = new(
        "v1", "events", Namespaced: true, ResourceJson.Default.CoreEvent, ResourceJson.Default.ResourceListCoreEvent);
}

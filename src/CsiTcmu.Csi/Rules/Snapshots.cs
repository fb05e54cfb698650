using CsiTcmu.Volumes;
using Google.Protobuf.WellKnownTypes;

namespace CsiTcmu.Csi.Rules;

/// <summary>Snapshots as the protocol has them.</summary>
internal static class Snapshots
{
    /// <summary>One snapshot. Every one that the catalogue knows is ready to use.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="nodeId">The node whose snapshots these are; null when each names its own.</param>
    public static global::Csi.V1.Snapshot Describe(Snapshot snapshot, string? nodeId) => new()
    {
        SnapshotId = snapshot.Id,
        SourceVolumeId = snapshot.SourceVolumeId,
        SizeBytes = snapshot.Size,
        CreationTime = Timestamp.FromDateTimeOffset(snapshot.Created),
        ReadyToUse = true,
        GroupSnapshotId = snapshot.GroupId,
        AccessibleTopology = { Topologies.Of(nodeId ?? snapshot.Node) },
    };
}

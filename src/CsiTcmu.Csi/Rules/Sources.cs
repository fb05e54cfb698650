using Csi.V1;
using CsiTcmu.Volumes;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules of <c>VolumeContentSource</c>: nothing, a snapshot, or a volume.</summary>
internal static class Sources
{
    /// <summary>A source that may be absent.</summary>
    public static VolumeSource? Optional(VolumeContentSource? source)
    {
        const string field = "volume_content_source";
        return source?.TypeCase switch
        {
            null => null,
            VolumeContentSource.TypeOneofCase.Snapshot =>
                new VolumeSource(VolumeSourceKind.Snapshot, Fields.Required(source.Snapshot.SnapshotId, $"{field}.snapshot.snapshot_id")),
            VolumeContentSource.TypeOneofCase.Volume =>
                new VolumeSource(VolumeSourceKind.Volume, Fields.Required(source.Volume.VolumeId, $"{field}.volume.volume_id")),
            _ => throw CsiErrors.InvalidArgument($"{field} says neither snapshot nor volume"),
        };
    }

    /// <summary>A source as the protocol has it.</summary>
    public static VolumeContentSource? Describe(VolumeSource? source) => source switch
    {
        null => null,
        { Kind: VolumeSourceKind.Snapshot } => new() { Snapshot = new() { SnapshotId = source.Id } },
        _ => new() { Volume = new() { VolumeId = source.Id } },
    };
}

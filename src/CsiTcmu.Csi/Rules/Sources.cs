using Csi.V1;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules of <c>VolumeContentSource</c>: volumes are made empty.</summary>
internal static class Sources
{
    /// <summary>INVALID_ARGUMENT for any source, as CreateVolume says it of a source that is not supported.</summary>
    public static void Refuse(VolumeContentSource? source)
    {
        const string field = "volume_content_source";
        switch (source?.TypeCase)
        {
            case null:
                return;
            case VolumeContentSource.TypeOneofCase.Snapshot:
                Fields.Required(source.Snapshot.SnapshotId, $"{field}.snapshot.snapshot_id");
                throw CsiErrors.InvalidArgument($"{field}: a volume cannot be made from a snapshot; leave it out to make an empty volume");
            case VolumeContentSource.TypeOneofCase.Volume:
                Fields.Required(source.Volume.VolumeId, $"{field}.volume.volume_id");
                throw CsiErrors.InvalidArgument($"{field}: a volume cannot be made from another volume; leave it out to make an empty volume");
            default:
                throw CsiErrors.InvalidArgument($"{field} says neither snapshot nor volume");
        }
    }
}

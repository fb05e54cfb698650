using System.Text.Json.Serialization;

namespace CsiTcmu.Volumes;

/// <summary>A snapshot as it is written beside its image, <c>snapshot.json</c>: what a volume that is made from it has to be.</summary>
internal sealed record SnapshotDescriptor
{
    public const int CurrentVersion = 1;

    /// <summary>Of this format.</summary>
    public required int Version { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Id of the volume that it is a copy of; that volume may be gone.</summary>
    public required string Source { get; init; }

    /// <summary>Size in bytes: that of the volume at the moment of the copy.</summary>
    public required long Size { get; init; }

    /// <summary>The moment of the copy.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Id of the group that it belongs to; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Group { get; init; }

    /// <summary>Pool that holds the group's record: without the record the group was never finished.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? GroupPool { get; init; }

    /// <summary>Logical block size of the volume.</summary>
    public required int BlockSize { get; init; }

    /// <summary>True when the volume is for raw block.</summary>
    public required bool Block { get; init; }

    /// <summary>File system of the volume.</summary>
    public required string FileSystem { get; init; }

    public required string MkfsOptions { get; init; }

    /// <summary>How far the formatting of the volume was.</summary>
    public required FormatState Format { get; init; }

    /// <summary>Parameters of the volume.</summary>
    public required Dictionary<string, string> VolumeParameters { get; init; }

    /// <summary>Parameters of the snapshot, as given.</summary>
    public required Dictionary<string, string> Parameters { get; init; }

    /// <summary>Bytes of the image before the volume's own: the header of an encrypted one.</summary>
    [JsonIgnore]
    public long HeaderSize => EncryptionParameters.Parse(VolumeParameters).Overhead;

    /// <summary>Bytes of the image.</summary>
    [JsonIgnore]
    public long ImageSize => HeaderSize + Size;
}

/// <summary>A group of snapshots as it is written, <c>groups/ID.json</c>. The group exists exactly when this does.</summary>
internal sealed record GroupDescriptor
{
    public const int CurrentVersion = 1;

    /// <summary>Of this format.</summary>
    public required int Version { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The moment of the copies.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its snapshots.</summary>
    public required List<GroupMember> Members { get; init; }
}

/// <summary>A snapshot of a group.</summary>
/// <param name="Id">The snapshot.</param>
/// <param name="Source">Its volume.</param>
/// <param name="Pool">Its pool.</param>
internal sealed record GroupMember(string Id, string Source, string Pool);

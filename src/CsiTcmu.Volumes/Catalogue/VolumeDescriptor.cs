using System.Text.Json.Serialization;

namespace CsiTcmu.Volumes;

/// <summary>How far the formatting of a volume is.</summary>
internal enum FormatState
{
    /// <summary>Never begun: only a blank device is formatted.</summary>
    Never,

    /// <summary>mkfs was begun and nothing was ever mounted: it may be begun again over whatever it left.</summary>
    Formatting,

    /// <summary>mkfs has ended and its result is durable: the device is never formatted again.</summary>
    Formatted,
}

/// <summary>A volume as it is written beside its image, <c>volume.json</c>. Reading is strict: what is not understood is not used.</summary>
internal sealed record VolumeDescriptor
{
    public const int CurrentVersion = 1;

    /// <summary>Of this format.</summary>
    public required int Version { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Promised size in bytes: that of the device that is mounted or published.</summary>
    public required long Size { get; init; }

    /// <summary>Logical block size in bytes.</summary>
    public required int BlockSize { get; init; }

    /// <summary>True for raw block.</summary>
    public required bool Block { get; init; }

    public required string FileSystem { get; init; }

    public required string MkfsOptions { get; init; }

    /// <summary>As given at creation.</summary>
    public required Dictionary<string, string> Parameters { get; init; }

    /// <summary>As given last, key by key; null for none, so that a program that does not know them reads a volume without.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, string>? MutableParameters { get; init; }

    /// <summary>What its bytes came from; null for a volume that was made empty.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VolumeSource? Source { get; init; }

    /// <summary>True while the file system may be smaller than the volume, because the source was: the next stage grows it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GrowAtStage { get; init; }

    /// <summary>World wide name of the disk.</summary>
    public required string Wwid { get; init; }

    /// <summary>Name of the loopback target: <c>naa.</c> and 16 digits.</summary>
    public required string Target { get; init; }

    public required FormatState Format { get; init; }

    /// <summary>Bytes that the image has at least: the volume's own, and the header of an encrypted one.</summary>
    [JsonIgnore]
    public long ImageSize => Size + EncryptionParameters.Parse(Parameters).Overhead;
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(VolumeDescriptor))]
[JsonSerializable(typeof(SnapshotDescriptor))]
[JsonSerializable(typeof(GroupDescriptor))]
internal sealed partial class DescriptorJson : JsonSerializerContext;

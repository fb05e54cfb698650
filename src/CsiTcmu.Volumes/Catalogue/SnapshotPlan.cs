using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>A snapshot that is about to be taken.</summary>
/// <param name="Volume">Of which volume.</param>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters.</param>
internal sealed record SnapshotPlan(StoredVolume Volume, string Id, string Name, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>A snapshot is where its volume is.</summary>
    public Pool Pool => Volume.Pool;

    /// <summary>What it is once it is taken.</summary>
    public StoredSnapshot Describe(DateTimeOffset created, string? group, string groupPool) => new(
        Pool,
        new SnapshotDescriptor
        {
            Version = SnapshotDescriptor.CurrentVersion,
            Id = Id,
            Name = Name,
            Source = Volume.Id,
            Size = Volume.Descriptor.Size,
            Created = created,
            Group = group,
            GroupPool = group is null ? null : groupPool,
            BlockSize = Volume.Descriptor.BlockSize,
            Block = Volume.Descriptor.Block,
            FileSystem = Volume.Descriptor.FileSystem,
            MkfsOptions = Volume.Descriptor.MkfsOptions,
            Format = Volume.Descriptor.Format,
            VolumeParameters = Volume.Descriptor.Parameters,
            Parameters = new Dictionary<string, string>(Parameters, StringComparer.Ordinal),
        });
}

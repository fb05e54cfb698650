using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

/// <summary>A snapshot in its pool.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Descriptor">What is written about it.</param>
internal sealed record StoredSnapshot(Pool Pool, SnapshotDescriptor Descriptor)
{
    public string Id => Descriptor.Id;

    /// <summary>The file with its bytes, exactly <see cref="SnapshotDescriptor.ImageSize"/> long. It never changes.</summary>
    public string Image => Pool.Snapshots.Image(Id);

    /// <summary>As others see it.</summary>
    public Snapshot ToSnapshot() => new()
    {
        Id = Descriptor.Id,
        Name = Descriptor.Name,
        Pool = Pool.Name,
        SourceVolumeId = Descriptor.Source,
        Size = Descriptor.Size,
        Created = Descriptor.Created,
        GroupId = Descriptor.Group ?? "",
    };
}

using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// The volumes of a pool on disk: <c>volumes/ID/</c> with <c>image</c> and <c>volume.json</c>, made and removed as <see cref="ImageFolders"/>
/// says. A volume that grows gets the image first, then the descriptor, so that the image is never smaller than the descriptor says.
/// </summary>
internal sealed class VolumeFolders(Pool pool, ILogger logger)
{
    private readonly ImageFolders _folders = new(pool, "volumes", "volume.json", DeletionPoints.Volume, logger);

    /// <summary>The image of a volume.</summary>
    public string Image(string id) => _folders.Image(id);

    /// <summary>The mark that this driver has frozen the volume's file system.</summary>
    public string FrozenMark(string id) => _folders.FrozenMark(id);

    /// <summary>Makes the folder of volumes and removes what a crash left.</summary>
    public void Prepare() => _folders.Prepare();

    /// <summary>True when there is a volume of that id, usable or not.</summary>
    public bool Exists(string id) => _folders.Exists(id);

    /// <summary>Reads a volume that exists.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public StoredVolume Read(string id)
    {
        var descriptor = DescriptorFile.Read(_folders.Descriptor(id), id);
        _folders.CheckImage(id, descriptor.ImageSize);
        return new StoredVolume(pool, descriptor);
    }

    /// <summary>Reads what is written about a volume that exists, whatever is the matter with its image.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public VolumeDescriptor ReadDescriptor(string id) => DescriptorFile.Read(_folders.Descriptor(id), id);

    /// <summary>Ids of all volumes, usable or not.</summary>
    public IReadOnlyList<string> List() => _folders.List();

    /// <summary>
    /// What all volumes together are promised, and how much of that they have already in blocks of their own: a block that is shared with a snapshot
    /// or another volume is given a new place when it is written.
    /// </summary>
    public (long Promised, long Allocated) Measure()
    {
        var (promised, allocated) = (0L, 0L);
        var sharing = MayShare();
        foreach (var id in List())
        {
            if (Syscalls.Status(Image(id), out var image) < 0) continue;
            var promise = PromiseOf(id, image.Size);
            promised += promise;

            // Beyond its promise an image may have blocks of the file system's own book-keeping.
            allocated += Math.Min(promise, sharing ? OwnBlocks.Of(Image(id), image) : image.AllocatedBytes);
        }

        return (promised, allocated);
    }

    /// <summary>
    /// Room that a copy of a volume's image takes: what is the volume's own now is shared then, so that the volume needs as much again; where blocks
    /// cannot be shared, the copy itself takes it.
    /// </summary>
    public long CostOfCopy(string id)
    {
        SystemCallException.Check(Syscalls.Status(Image(id), out var image), $"{Image(id)} cannot be examined");
        return Math.Min(image.Size, pool.CanShare ? OwnBlocks.Of(Image(id), image) : image.AllocatedBytes);
    }

    /// <summary>Makes an empty volume.</summary>
    public Task CreateAsync(VolumeDescriptor descriptor) => _folders.CreateAsync(
        descriptor.Id,
        CreationPoints.Volume,
        image =>
        {
            DurableFiles.MakeSparse(image, descriptor.ImageSize);
            return Task.CompletedTask;
        },
        path => DescriptorFile.Write(path, descriptor));

    /// <summary>Makes a volume whose image somebody else fills.</summary>
    public Task CopyAsync(VolumeDescriptor descriptor, Func<string, Task> makeImage) =>
        _folders.CreateAsync(descriptor.Id, CreationPoints.Copy, makeImage, path => DescriptorFile.Write(path, descriptor));

    /// <summary>Makes a volume's image at least as large as that.</summary>
    public void GrowImage(string id, long size) => DurableFiles.MakeSparse(Image(id), size);

    /// <summary>Replaces what is written about a volume.</summary>
    public void Replace(VolumeDescriptor descriptor) => DescriptorFile.Write(_folders.Descriptor(descriptor.Id), descriptor);

    /// <summary>Removes a volume that exists.</summary>
    public void Delete(string id) => _folders.Delete(id);

    /// <summary>Removes what an interrupted creation or deletion of a volume left.</summary>
    public void Clean(string id) => _folders.Clean(id);

    /// <summary>True when images can have blocks in common: the file system can, and there is a snapshot or a volume that was made from something.</summary>
    private bool MayShare() => pool.CanShare && (pool.Snapshots.List().Count > 0 || List().Any(HasSource));

    private bool HasSource(string id) => TryRead(id) is null or { Source: not null };

    private long PromiseOf(string id, long imageSize) =>

        // Damaged: its image says what it may come to need.
        TryRead(id)?.ImageSize ?? imageSize;

    private VolumeDescriptor? TryRead(string id)
    {
        try
        {
            return DescriptorFile.Read(_folders.Descriptor(id), id);
        }
        catch (Exception cause) when (cause is IOException or InvalidDataException)
        {
            return null;
        }
    }
}

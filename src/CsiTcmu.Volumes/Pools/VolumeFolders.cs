using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// The volumes of a pool on disk: <c>volumes/ID/</c> with <c>image</c> and <c>volume.json</c>. The files are the only truth; nothing is
/// kept in memory.
/// </summary>
/// <remarks>
/// A volume exists exactly when a folder of its name does.
/// <list type="number">
/// <item>Create: the folder is filled under the name <c>.creating-ID</c>, every file durable, then renamed, then the name made durable.
/// A crash before the rename leaves a folder that names no volume and is removed; after it the volume is whole.</item>
/// <item>Delete: the folder is renamed to <c>.deleting-ID-N</c>, the name made durable, then emptied and removed. A crash after the
/// rename leaves a folder that names no volume and is removed.</item>
/// <item>Grow: the image first, then the descriptor, so that the image is never smaller than the descriptor says.</item>
/// </list>
/// Ids do not begin with a dot, so the temporary names are nobody's id.
/// </remarks>
internal sealed class VolumeFolders(Pool pool, ILogger logger)
{
    private const string Creating = ".creating-";
    private const string Deleting = ".deleting-";
    private const string ImageName = "image";
    private const string DescriptorName = "volume.json";

    private string Root => pool.Folder + "/volumes";

    /// <summary>The image of a volume.</summary>
    public string Image(string id) => $"{Folder(id)}/{ImageName}";

    /// <summary>Makes the folder of volumes and removes what a crash left.</summary>
    public void Prepare()
    {
        if (!Directory.Exists(Root))
        {
            DurableFiles.MakeFolder(Root);
            DurableFiles.SyncFolder(pool.Folder);
        }

        foreach (var folder in Leftovers(Creating).Concat(Leftovers(Deleting)))
        {
            try
            {
                Empty(folder);
                logger.LogInformation("Removed {Folder}, which an interrupted operation left", folder);
            }
            catch (IOException cause)
            {
                logger.LogWarning("{Folder}, which an interrupted operation left, cannot be removed: {Reason}", folder, cause.Message);
            }
        }
    }

    /// <summary>True when there is a volume of that id, usable or not.</summary>
    public bool Exists(string id)
    {
        pool.Require();
        var result = Syscalls.Status(Folder(id), out var status);
        if (result == -Errno.NoEntry)
        {
            // Nothing is a fact only while the folder around it is there.
            SystemCallException.Check(Syscalls.Status(Root, out _), $"{Root} cannot be examined");
            return false;
        }

        SystemCallException.Check(result, $"{Folder(id)} cannot be examined");
        return status.Kind == FileKind.Directory;
    }

    /// <summary>Reads a volume that exists.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public StoredVolume Read(string id)
    {
        var descriptor = DescriptorFile.Read(Descriptor(id), id);
        var image = Image(id);
        var result = Syscalls.Status(image, out var status);
        if (result < 0) throw new InvalidDataException($"{image} cannot be examined: {Syscalls.Describe(result)}. Put a copy of the image back");
        if (status.Kind != FileKind.Regular) throw new InvalidDataException($"{image} is not a regular file. Put a copy of the image back");
        if (status.Size < descriptor.ImageSize)
        {
            throw new InvalidDataException(
                $"{image} has {status.Size} bytes, its descriptor says {descriptor.ImageSize}: it was cut. Put a copy of the image back, or lengthen it: truncate -s {descriptor.ImageSize} {image}");
        }

        return new StoredVolume(pool, descriptor);
    }

    /// <summary>Ids of all volumes, usable or not.</summary>
    public IReadOnlyList<string> List()
    {
        pool.Require();
        return [.. Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder)).Where(VolumeId.IsStored)];
    }

    /// <summary>What all volumes together are promised, and how much of that is allocated already.</summary>
    public (long Promised, long Allocated) Measure()
    {
        var (promised, allocated) = (0L, 0L);
        foreach (var id in List())
        {
            if (Syscalls.Status(Image(id), out var image) < 0) continue;
            var promise = PromiseOf(id, image.Size);
            promised += promise;

            // Beyond its promise an image may have blocks of the file system's own book-keeping.
            allocated += Math.Min(promise, image.AllocatedBytes);
        }

        return (promised, allocated);
    }

    /// <summary>Makes a volume.</summary>
    public void Create(VolumeDescriptor descriptor)
    {
        var folder = $"{Root}/{Creating}{descriptor.Id}";
        if (Directory.Exists(folder)) Empty(folder);
        DurableFiles.MakeFolder(folder);
        FaultPoints.Reach(FaultPoints.CreateFolder);
        try
        {
            DurableFiles.MakeSparse($"{folder}/{ImageName}", descriptor.ImageSize);
            FaultPoints.Reach(FaultPoints.CreateImage);
            DescriptorFile.Write($"{folder}/{DescriptorName}", descriptor);
            FaultPoints.Reach(FaultPoints.CreateDescriptor);
            DurableFiles.Rename(folder, Folder(descriptor.Id));
        }
        catch (IOException)
        {
            TryEmpty(folder);
            throw;
        }

        FaultPoints.Reach(FaultPoints.CreateRenamed);
        DurableFiles.SyncFolder(Root);
        FaultPoints.Reach(FaultPoints.CreateDurable);
    }

    /// <summary>Makes a volume's image at least as large as that.</summary>
    public void GrowImage(string id, long size) => DurableFiles.MakeSparse(Image(id), size);

    /// <summary>Replaces what is written about a volume.</summary>
    public void Replace(VolumeDescriptor descriptor) => DescriptorFile.Write(Descriptor(descriptor.Id), descriptor);

    /// <summary>Removes a volume that exists.</summary>
    public void Delete(string id)
    {
        var number = 0;
        string folder;
        do folder = $"{Root}/{Deleting}{id}-{number++}";
        while (Directory.Exists(folder));
        DurableFiles.Rename(Folder(id), folder);
        DurableFiles.SyncFolder(Root);
        FaultPoints.Reach(FaultPoints.DeleteRenamed);
        Empty(folder);
    }

    /// <summary>Removes what an interrupted creation or deletion of a volume left.</summary>
    public void Clean(string id)
    {
        pool.Require();
        if (Directory.Exists($"{Root}/{Creating}{id}")) Empty($"{Root}/{Creating}{id}");

        // Ids may hold dashes: what follows the id must be a number and nothing else.
        var prefix = $"{Deleting}{id}-";
        foreach (var folder in Leftovers(prefix))
        {
            if (Path.GetFileName(folder)[prefix.Length..].All(char.IsAsciiDigit)) Empty(folder);
        }
    }

    private string[] Leftovers(string prefix) =>
        [.. Directory.EnumerateDirectories(Root).Where(folder => Path.GetFileName(folder).StartsWith(prefix, StringComparison.Ordinal))];

    private string Folder(string id) => $"{Root}/{id}";

    private string Descriptor(string id) => $"{Folder(id)}/{DescriptorName}";

    private long PromiseOf(string id, long imageSize)
    {
        try
        {
            return DescriptorFile.Read(Descriptor(id), id).ImageSize;
        }
        catch (Exception cause) when (cause is IOException or InvalidDataException)
        {
            // Damaged: its image says what it may come to need.
            return imageSize;
        }
    }

    private static void Empty(string folder)
    {
        File.Delete($"{folder}/{ImageName}");
        FaultPoints.Reach(FaultPoints.DeleteImage);
        File.Delete($"{folder}/{DescriptorName}");
        File.Delete($"{folder}/{DescriptorName}.new");
        SystemCallException.Check(Syscalls.RemoveDirectory(folder), $"{folder} cannot be removed");
        FaultPoints.Reach(FaultPoints.DeleteFolder);
        DurableFiles.SyncFolder(Path.GetDirectoryName(folder)!);
    }

    private void TryEmpty(string folder)
    {
        try
        {
            Empty(folder);
        }
        catch (IOException cause)
        {
            logger.LogWarning("{Folder}, which a failed operation left, cannot be removed yet: {Reason}", folder, cause.Message);
        }
    }
}

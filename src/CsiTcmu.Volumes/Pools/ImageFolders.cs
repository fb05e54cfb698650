using CsiTcmu.Linux;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// Things of one kind in a pool, volumes or snapshots: <c>KIND/ID/</c> with <c>image</c> and a descriptor. The files are the only truth;
/// nothing is kept in memory.
/// </summary>
/// <remarks>
/// A thing exists exactly when a folder of its name does.
/// <list type="number">
/// <item>Create: the folder is filled under the name <c>.creating-ID</c>, every file durable, then renamed, then the name made durable.
/// A crash before the rename leaves a folder that names nothing and is removed; after it the thing is whole.</item>
/// <item>Delete: the folder is renamed to <c>.deleting-ID-N</c>, the name made durable, then emptied and removed. A crash after the
/// rename leaves a folder that names nothing and is removed.</item>
/// </list>
/// Ids do not begin with a dot, so the temporary names are nobody's id.
/// </remarks>
internal sealed class ImageFolders(Pool pool, string kind, string descriptorName, DeletionPoints deletion, ILogger logger)
{
    private const string Creating = ".creating-";
    private const string Deleting = ".deleting-";
    private const string ImageName = "image";
    private const string FrozenName = "frozen";

    private string Root => $"{pool.Folder}/{kind}";

    /// <summary>The image of one.</summary>
    public string Image(string id) => $"{Folder(id)}/{ImageName}";

    /// <summary>The descriptor of one.</summary>
    public string Descriptor(string id) => $"{Folder(id)}/{descriptorName}";

    /// <summary>The mark of a volume whose file system this driver has frozen.</summary>
    public string FrozenMark(string id) => $"{Folder(id)}/{FrozenName}";

    /// <summary>Makes the folder around them and removes what a crash left.</summary>
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

    /// <summary>True when there is one of that id, usable or not.</summary>
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

    /// <summary>Ids of all, usable or not.</summary>
    public IReadOnlyList<string> List()
    {
        pool.Require();
        return [.. Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder)).Where(VolumeId.IsStored)];
    }

    /// <summary>Sees that an image is there and not cut.</summary>
    /// <exception cref="InvalidDataException">It is not; the message says how to mend it.</exception>
    public void CheckImage(string id, long size)
    {
        if (ImageChecks.Run(Image(id), size) is { } damage) throw new InvalidDataException(damage.Message);
    }

    /// <summary>Makes one: the image, the descriptor, the name.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="points">Where tests end the process.</param>
    /// <param name="makeImage">Makes the image at that path, durable.</param>
    /// <param name="writeDescriptor">Writes the descriptor at that path, durable.</param>
    public async Task CreateAsync(string id, CreationPoints points, Func<string, Task> makeImage, Action<string> writeDescriptor)
    {
        try
        {
            await makeImage(Begin(id, points));
            Describe(id, points, writeDescriptor);
            Name(id, points);
        }
        catch (Exception cause) when (cause is IOException or VolumeException)
        {
            Abandon(id);
            throw;
        }
    }

    /// <summary>First part of a creation: the folder, under a name that is nobody's.</summary>
    /// <returns>The image's path, at which there is nothing yet.</returns>
    public string Begin(string id, CreationPoints points)
    {
        if (Directory.Exists(Temporary(id))) Empty(Temporary(id));
        DurableFiles.MakeFolder(Temporary(id));
        FaultPoints.Reach(points.Folder);
        return $"{Temporary(id)}/{ImageName}";
    }

    /// <summary>Second part of a creation, when the image is made: the descriptor.</summary>
    public void Describe(string id, CreationPoints points, Action<string> writeDescriptor)
    {
        FaultPoints.Reach(points.Image);
        writeDescriptor($"{Temporary(id)}/{descriptorName}");
        FaultPoints.Reach(points.Descriptor);
    }

    /// <summary>Last part of a creation: the name.</summary>
    public void Name(string id, CreationPoints points)
    {
        DurableFiles.Rename(Temporary(id), Folder(id));
        FaultPoints.Reach(points.Renamed);
        DurableFiles.SyncFolder(Root);
        FaultPoints.Reach(points.Durable);
    }

    /// <summary>Removes what a creation has made before it had a name. Never throws.</summary>
    public void Abandon(string id)
    {
        try
        {
            if (Directory.Exists(Temporary(id))) Empty(Temporary(id));
        }
        catch (IOException cause)
        {
            logger.LogWarning("{Folder}, which a failed operation left, cannot be removed yet: {Reason}", Temporary(id), cause.Message);
        }
    }

    /// <summary>Removes one that exists.</summary>
    public void Delete(string id)
    {
        var number = 0;
        string folder;
        do folder = $"{Root}/{Deleting}{id}-{number++}";
        while (Directory.Exists(folder));
        DurableFiles.Rename(Folder(id), folder);
        DurableFiles.SyncFolder(Root);
        FaultPoints.Reach(deletion.Renamed);
        Empty(folder);
    }

    /// <summary>Removes what an interrupted creation or deletion of one left.</summary>
    public void Clean(string id)
    {
        pool.Require();
        if (Directory.Exists(Temporary(id))) Empty(Temporary(id));

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

    private string Temporary(string id) => $"{Root}/{Creating}{id}";

    private void Empty(string folder)
    {
        File.Delete($"{folder}/{ImageName}");
        FaultPoints.Reach(deletion.Image);
        File.Delete($"{folder}/{descriptorName}");
        File.Delete($"{folder}/{descriptorName}.new");
        File.Delete($"{folder}/{FrozenName}");
        SystemCallException.Check(Syscalls.RemoveDirectory(folder), $"{folder} cannot be removed");
        FaultPoints.Reach(deletion.Folder);
        DurableFiles.SyncFolder(Path.GetDirectoryName(folder)!);
    }
}

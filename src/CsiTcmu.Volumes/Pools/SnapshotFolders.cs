using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// The snapshots of a pool on disk: <c>snapshots/ID/</c> with <c>image</c> and <c>snapshot.json</c>, made and removed as <see cref="ImageFolders"/>
/// says. Neither file ever changes.
/// </summary>
internal sealed class SnapshotFolders(Pool pool, ILogger logger)
{
    private readonly ImageFolders _folders = new(pool, "snapshots", "snapshot.json", DeletionPoints.Snapshot, logger);

    /// <summary>The image of a snapshot.</summary>
    public string Image(string id) => _folders.Image(id);

    /// <summary>Makes the folder of snapshots and removes what a crash left.</summary>
    public void Prepare() => _folders.Prepare();

    /// <summary>True when there is a snapshot of that id, usable or not.</summary>
    public bool Exists(string id) => _folders.Exists(id);

    /// <summary>Reads a snapshot that exists.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public StoredSnapshot Read(string id)
    {
        var descriptor = SnapshotDescriptorFile.Read(_folders.Descriptor(id), id);
        _folders.CheckImage(id, descriptor.ImageSize);
        return new StoredSnapshot(pool, descriptor);
    }

    /// <summary>Ids of all snapshots, usable or not.</summary>
    public IReadOnlyList<string> List() => _folders.List();

    /// <summary>First part of a creation: the folder, under a name that is nobody's.</summary>
    /// <returns>The image's path, at which there is nothing yet.</returns>
    public string Begin(string id, CreationPoints points) => _folders.Begin(id, points);

    /// <summary>Second part of a creation, when the image is made.</summary>
    public void Describe(SnapshotDescriptor descriptor, CreationPoints points) =>
        _folders.Describe(descriptor.Id, points, path => SnapshotDescriptorFile.Write(path, descriptor));

    /// <summary>Last part of a creation: the name.</summary>
    public void Name(string id, CreationPoints points) => _folders.Name(id, points);

    /// <summary>Removes what a creation has made before it had a name. Never throws.</summary>
    public void Abandon(string id) => _folders.Abandon(id);

    /// <summary>Removes a snapshot that exists.</summary>
    public void Delete(string id) => _folders.Delete(id);

    /// <summary>Removes what an interrupted creation or deletion of a snapshot left.</summary>
    public void Clean(string id) => _folders.Clean(id);
}

using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Volumes.Node;
using Microsoft.Extensions.Logging.Abstractions;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>A node whose disks are loop devices.</summary>
public abstract class NodeTest : IDisposable
{
    private readonly TestMount _mount = new(4L << 30);
    private readonly string _pool;

    protected NodeTest()
    {
        _pool = _mount.Make("pool");
        Disks = new LoopDisks(_pool);
        Staging = _mount.Make("staging");
        Target = _mount.Folder + "/target";
        (Catalogue, Node) = Start();
    }

    protected string Folder => _mount.Folder;

    protected string Staging { get; }

    protected string Target { get; }

    protected VolumeCatalogue Catalogue { get; private set; }

    protected NodeVolumes Node { get; private set; }

    internal LoopDisks Disks { get; }

    protected string Image(string id) => $"{_pool}/volumes/{id}/image";

    protected string Descriptor(string id) => $"{_pool}/volumes/{id}/volume.json";

    public void Dispose()
    {
        foreach (var entry in MountTable.Read().Entries.Reverse().Where(entry => entry.Target.StartsWith(Folder + "/", StringComparison.Ordinal)))
            _ = Syscalls.Detach(entry.Target);
        Disks.DetachAll();
        Catalogue.Dispose();
        _mount.Dispose();
        GC.SuppressFinalize(this);
    }

    protected void Restart()
    {
        Catalogue.Dispose();
        (Catalogue, Node) = Start();
    }

    protected Task<Volume> CreateAsync(string id, string fileSystem = "ext4", bool block = false, params (string Key, string Value)[] parameters) =>
        Catalogue.CreateAsync(Of(id, fileSystem switch { "xfs" => 320, "btrfs" => 256, _ => 64 } * Mebibyte, 0, block, fileSystem, parameters), CancellationToken.None);

    protected Task StageAsync(string id = "a", string? path = null, VolumeUse? use = null) =>
        Node.StageAsync(id, path ?? Staging, use ?? Use(), CancellationToken.None);

    protected Task UnstageAsync(string id = "a", string? path = null) => Node.UnstageAsync(id, path ?? Staging, CancellationToken.None);

    protected Task PublishAsync(string id = "a", string? target = null, VolumeUse? use = null, bool readOnly = false) =>
        Node.PublishAsync(id, Staging, target ?? Target, use ?? Use(), readOnly, CancellationToken.None);

    protected Task UnpublishAsync(string id = "a", string? target = null) => Node.UnpublishAsync(id, target ?? Target, CancellationToken.None);

    protected static VolumeUse Use(params string[] flags) => new() { MountFlags = flags };

    protected static VolumeUse Block { get; } = new() { Block = true };

    /// <summary>Mounts and loop devices of this test, for "nothing changed".</summary>
    protected IReadOnlyList<string> State() =>
    [
        .. MountTable.Read().Entries.Where(entry => entry.Target.StartsWith(Folder, StringComparison.Ordinal)).Select(entry => $"{entry.Target} {entry.Device} {entry.Root} {entry.Options}"),
        .. Directory.EnumerateFileSystemEntries(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
    ];

    private (VolumeCatalogue Catalogue, NodeVolumes Node) Start()
    {
        var catalogue = VolumeCatalogue.Open([PoolSpecification.Parse("test=" + _pool)], Disks, NullLogger.Instance);
        return (catalogue, new NodeVolumes("node-1", catalogue, Disks, NullLogger.Instance));
    }
}

using CsiTcmu.Linux.Tools;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>A pool on a real file system of its own, on a loop device over a sparse file.</summary>
internal sealed class PoolFileSystem : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("csi-tcmu-").FullName;
    private VolumeCatalogue? _catalogue;

    /// <summary>Makes and mounts it.</summary>
    /// <param name="type">xfs, which shares blocks, or ext4, which cannot.</param>
    /// <param name="size">Bytes.</param>
    public PoolFileSystem(string type, long size = 2L << 30)
    {
        using (var file = File.Create(_folder + "/disk")) file.SetLength(size);
        Folder = Directory.CreateDirectory(_folder + "/mount").FullName;
        Run("mkfs." + type, [.. type == "ext4" ? ["-F", "-m", "0"] : Array.Empty<string>(), "-q", _folder + "/disk"]);
        Run("mount", ["-o", "loop", _folder + "/disk", Folder]);
    }

    /// <summary>Where it is mounted; the pool's folder.</summary>
    public string Folder { get; }

    public NoDisks Disks { get; } = new();

    public VolumeCatalogue Catalogue => _catalogue ??= VolumeCatalogue.Open([PoolSpecification.Parse("test=" + Folder)], Disks, NullLogger.Instance);

    /// <summary>Ends the process, as it were, and begins the next one.</summary>
    public void Restart()
    {
        _catalogue?.Dispose();
        _catalogue = null;
        _ = Catalogue;
    }

    public string Image(string id) => $"{Folder}/volumes/{id}/image";

    public string SnapshotImage(string id) => $"{Folder}/snapshots/{id}/image";

    public Task<Snapshot> SnapshotAsync(string name, string source = "a", params (string Key, string Value)[] parameters) => Catalogue.CreateSnapshotAsync(
        new SnapshotWish { Name = name, SourceVolumeId = source, Parameters = parameters.ToDictionary(pair => pair.Key, pair => pair.Value) }, CancellationToken.None);

    public Task<SnapshotGroup> GroupAsync(string name, params string[] sources) =>
        Catalogue.CreateGroupAsync(new GroupWish { Name = name, SourceVolumeIds = sources }, CancellationToken.None);

    public Task<Volume> CopyAsync(string name, VolumeSourceKind kind, string id, long size = 0) => Catalogue.CreateAsync(
        Wishes.Of(name, size) with { Source = new VolumeSource(kind, id) }, CancellationToken.None);

    /// <summary>Writes a pattern into a volume's image: data, and holes between.</summary>
    public void Write(string id, int seed, long start = 0, int pieces = 8, int length = 1 << 20, long stride = 4L << 20)
    {
        using var image = File.OpenWrite(Image(id));
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        for (var i = 0; i < pieces; i++)
        {
            image.Position = start + (i * stride);
            image.Write(bytes);
        }

        image.Flush(flushToDisk: true);
    }

    /// <summary>Everything in the pool, with sizes.</summary>
    public IReadOnlyList<string> State() =>
    [
        .. Directory.EnumerateFileSystemEntries(Folder, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith("/.lock", StringComparison.Ordinal) && !path.Contains("lost+found", StringComparison.Ordinal))
            .Select(path => File.Exists(path) ? $"{path} {new FileInfo(path).Length}" : path)
            .Order(StringComparer.Ordinal),
    ];

    public void Dispose()
    {
        _catalogue?.Dispose();
        Run("umount", [Folder]);
        Directory.Delete(_folder, recursive: true);
    }

    private static void Run(string program, IReadOnlyList<string> arguments)
    {
        var result = Tool.RunAsync(program, arguments).GetAwaiter().GetResult();
        Assert.True(result.ExitCode == 0, $"{result.Summary}: these tests need root, loop devices and xfsprogs");
    }
}

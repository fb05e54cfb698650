using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>A catalogue with one pool of 1 GiB and no disks.</summary>
public abstract class CatalogueTest : IDisposable
{
    private readonly TestMount _mount;
    private VolumeCatalogue? _catalogue;

    protected CatalogueTest(long size = 1L << 30, string options = "")
    {
        _mount = new TestMount(size);
        Pool = _mount.Make("pool");
        Specification = $"test={Pool}{options}";
    }

    protected string Pool { get; }

    protected string Specification { get; set; }

    protected string Volumes => Pool + "/volumes";

    internal TestMount Mount => _mount;

    internal NoDisks Disks { get; } = new();

    protected VolumeCatalogue Catalogue => _catalogue ??= Open();

    public void Dispose()
    {
        _catalogue?.Dispose();
        _mount.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the process, as it were, and begins the next one.</summary>
    protected void Restart()
    {
        _catalogue?.Dispose();
        _catalogue = Open();
    }

    protected VolumeCatalogue Open(params string[] more) =>
        VolumeCatalogue.Open([.. more.Prepend(Specification).Select(PoolSpecification.Parse)], Disks, NullLogger.Instance);

    protected Task<Volume> CreateAsync(VolumeWish wish) => Catalogue.CreateAsync(wish, CancellationToken.None);

    protected Task DeleteAsync(string id) => Catalogue.DeleteAsync(id, CancellationToken.None);

    protected Task<Volume> ExpandAsync(string id, long required, long limit = 0) =>
        Catalogue.ExpandAsync(id, new SizeRange(required, limit), CancellationToken.None);

    protected Task<Volume> GetAsync(string id) => Catalogue.GetAsync(id, CancellationToken.None);

    protected Task<Room> RoomAsync(string fileSystem = "", bool block = false, params (string Key, string Value)[] parameters) =>
        RoomAsync(Catalogue, fileSystem, block, parameters);

    protected static Task<Room> RoomAsync(VolumeCatalogue catalogue, string fileSystem = "", bool block = false, params (string Key, string Value)[] parameters) =>
        catalogue.GetRoomAsync(parameters.ToDictionary(pair => pair.Key, pair => pair.Value), fileSystem, block, CancellationToken.None);

    protected async Task<long> AvailableAsync() => (await RoomAsync()).Available;

    /// <summary>Everything in the pool, with sizes.</summary>
    protected IReadOnlyList<string> State() =>
    [
        .. Directory.EnumerateFileSystemEntries(Pool, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith("/.lock", StringComparison.Ordinal))
            .Select(path => File.Exists(path) ? $"{path} {new FileInfo(path).Length}" : path)
            .Order(StringComparer.Ordinal),
    ];
}

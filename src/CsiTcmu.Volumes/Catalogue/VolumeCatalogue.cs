using CsiTcmu.Volumes.Pools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

/// <summary>
/// The volumes and snapshots in the pools of this node. The pools' files are the truth; each call reads them. One catalogue in one process owns a pool.
/// </summary>
public sealed partial class VolumeCatalogue : IVolumeCatalogue, ISnapshotCatalogue, ISnapshotBlocks, IPools, IDisposable
{
    private readonly IReadOnlyList<Pool> _pools;
    private readonly IDiskAttacher _attacher;
    private readonly ILogger _logger;

    private VolumeCatalogue(IReadOnlyList<Pool> pools, IDiskAttacher attacher, ILogger logger)
    {
        _pools = pools;
        _attacher = attacher;
        _logger = logger;
        Operations = new Operations(logger);
        Freezes = new FileSystemFreezes(attacher, logger);
    }

    /// <summary>Operations on volumes, those of the node included.</summary>
    internal Operations Operations { get; }

    /// <summary>File systems that are frozen for snapshots.</summary>
    internal FileSystemFreezes Freezes { get; }

    /// <summary>
    /// Takes the pools for this process, removing what an interrupted creation or deletion left. A pool that is not there is logged and
    /// tried again at each use, as long as there is another one.
    /// </summary>
    /// <param name="specifications">The pools, at least one.</param>
    /// <param name="attacher">What makes disks of images.</param>
    /// <param name="logger">Receives what is worth telling.</param>
    /// <param name="patience">How long the end of another process that has a pool is waited for.</param>
    /// <exception cref="VolumeException">Another process has a pool, or no pool is there.</exception>
    public static VolumeCatalogue Open(
        IReadOnlyList<PoolSpecification> specifications, IDiskAttacher attacher, ILogger logger, TimeSpan patience = default)
    {
        if (specifications.Count == 0) throw new VolumeException(VolumeError.InvalidArgument, "no pool is given; give at least one as NAME=PATH");
        if (specifications.GroupBy(pool => pool.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new VolumeException(VolumeError.InvalidArgument, $"pool name '{twice.Key}' is given twice; give each pool a name of its own");

        List<Pool> pools = [.. specifications.Select(specification => new Pool(specification, logger))];
        var problems = new List<VolumeException>();
        try
        {
            foreach (var pool in pools)
            {
                try
                {
                    pool.Open(patience);
                }
                catch (VolumeException problem) when (problem.Error == VolumeError.Unavailable)
                {
                    logger.LogError("{Problem}", problem.Message);
                    problems.Add(problem);
                }
            }

            if (problems.Count == pools.Count) throw problems[0];
        }
        catch
        {
            pools.ForEach(pool => pool.Dispose());
            throw;
        }

        var catalogue = new VolumeCatalogue(pools, attacher, logger);
        catalogue.RemoveUnfinishedGroups();
        return catalogue;
    }

    /// <inheritdoc/>
    public Task<Volume> GetAsync(string id, CancellationToken cancellationToken) =>
        Task.Run(() => Require(id).ToVolume(), cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Volumes that are kept and cannot be used, with the reasons.</summary>
    public Task<IReadOnlyList<DamagedVolume>> FindDamagedAsync(CancellationToken cancellationToken) =>
        Task.Run<IReadOnlyList<DamagedVolume>>(
            () =>
            {
                var damaged = new List<DamagedVolume>();
                foreach (var (pool, id) in Ids())
                {
                    if (TryRead(pool, id, out var reason) is null && reason is not null) damaged.Add(new DamagedVolume(pool.Name, id, reason));
                }

                return damaged;
            },
            cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Gives the pools back.</summary>
    public void Dispose()
    {
        foreach (var pool in _pools) pool.Dispose();
    }

    /// <summary>The volume.</summary>
    /// <exception cref="VolumeException">NotFound; FailedPrecondition: it is damaged; Unavailable: it may be in a pool that is gone.</exception>
    internal StoredVolume Require(string id) => (VolumeId.IsValid(id) ? Find(id) : null) ?? throw VolumeId.NotFound(id);

    /// <summary>The volume, which may be an ephemeral one.</summary>
    /// <exception cref="VolumeException">As for <see cref="Require"/>.</exception>
    internal StoredVolume RequireStored(string id) => Find(id) ?? throw VolumeId.NotFound(id);

    /// <summary>The volume, or null when there is none.</summary>
    /// <exception cref="VolumeException">FailedPrecondition: it is damaged; Unavailable: it may be in a pool that is gone.</exception>
    internal StoredVolume? Find(string id) => Find(id, _pools);

    /// <summary>As <see cref="Find(string)"/>; of the pools that are gone only some matter.</summary>
    private StoredVolume? Find(string id, IReadOnlyList<Pool> needed)
    {
        if (!VolumeId.IsStored(id)) return null;
        if (FindPool(pool => pool.Volumes.Exists(id), needed) is not { } pool) return null;
        return InPool(pool, () =>
        {
            if (TryRead(pool, id, out var reason) is { } volume) return volume;

            // It may have been deleted between the two looks.
            if (!pool.Volumes.Exists(id)) return null;
            throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{id}' in pool '{pool.Name}' cannot be used: {reason}");
        });
    }

    /// <summary>The pools.</summary>
    internal IReadOnlyList<Pool> Pools => _pools;

    /// <summary>The pool that has a volume of that id, usable or not; null when none has.</summary>
    /// <exception cref="VolumeException">Unavailable: it may be in a pool that is gone.</exception>
    internal Pool? PoolOf(string id) => FindPool(pool => pool.Volumes.Exists(id), _pools);

    /// <summary>True when a pool of that name is one of this catalogue's.</summary>
    internal bool HasPool(string name) => _pools.Any(pool => string.Equals(pool.Name, name, StringComparison.Ordinal));

    /// <summary>Replaces what is written about a volume.</summary>
    internal static StoredVolume Replace(StoredVolume volume, VolumeDescriptor descriptor)
    {
        InPool(volume.Pool, () => volume.Pool.Volumes.Replace(descriptor));
        return volume with { Descriptor = descriptor };
    }

    /// <summary>The pool that has something, usable or not; null when none has.</summary>
    private Pool? FindPool(Func<Pool, bool> has, IReadOnlyList<Pool> needed)
    {
        VolumeException? gone = null;
        foreach (var pool in _pools)
        {
            try
            {
                if (InPool(pool, () => has(pool))) return pool;
            }
            catch (VolumeException problem) when (needed.Contains(pool))
            {
                gone ??= problem;
            }
            catch (VolumeException)
            {
                // Whether it has the volume does not matter.
            }
        }

        // It may be in the pool that does not answer: that it is not there would be a guess.
        return gone is null ? null : throw gone;
    }

    private static StoredVolume? TryRead(Pool pool, string id, out string? reason)
    {
        try
        {
            reason = null;
            return pool.Volumes.Read(id);
        }
        catch (InvalidDataException damage)
        {
            reason = damage.Message;
            return null;
        }
    }

    /// <summary>Every volume of every pool that answers.</summary>
    private IEnumerable<(Pool Pool, string Id)> Ids() =>
        _pools.SelectMany(pool => InPool(pool, pool.Volumes.List).Select(id => (pool, id)));

    private static void InPool(Pool pool, Action action) => InPool(
        pool,
        () =>
        {
            action();
            return true;
        });

    private static async Task<T> InPoolAsync<T>(Pool pool, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw PoolErrors.Translate(pool.Name, cause);
        }
    }

    private static T InPool<T>(Pool pool, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw PoolErrors.Translate(pool.Name, cause);
        }
    }
}

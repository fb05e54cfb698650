using CsiTcmu.Volumes.Node;
using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes.Health;

/// <summary>
/// Health of this node's volumes and pools. Nothing is kept: pools, images, disks and mounts are looked at when somebody asks; only
/// failures of I/O are counted, by whoever serves the disks.
/// </summary>
/// <param name="catalogue">The volumes.</param>
/// <param name="attacher">What makes disks of them.</param>
public sealed class NodeHealth(VolumeCatalogue catalogue, IDiskAttacher attacher) : INodeHealth
{
    private readonly Questions _questions = new(TimeSpan.FromSeconds(5));
    private readonly Questions _lists = new(TimeSpan.FromSeconds(30));

    /// <inheritdoc/>
    public async Task<VolumeHealth> GetAsync(string id, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        if (!VolumeId.IsValid(id)) throw VolumeId.NotFound(id);
        try
        {
            return await _questions.AskAsync($"volume '{id}'", () => Check(id, paths, new Survey()), cancellationToken);
        }
        catch (VolumeException problem) when (problem.Error == VolumeError.Unavailable)
        {
            return new VolumeHealth(id, null, [NotAnswering(problem)]);
        }
    }

    /// <inheritdoc/>
    public Task<HealthPage> ListAsync(int maximum, string token, bool abnormalOnly, CancellationToken cancellationToken) =>
        _lists.AskAsync("the list of volumes", () => List(maximum, token, abnormalOnly), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PoolHealth>> GetPoolsAsync(CancellationToken cancellationToken)
    {
        var all = await Task.WhenAll(catalogue.Pools.Select(pool => AskAsync(pool, cancellationToken)));
        return [.. all.SelectMany(entries => entries)];
    }

    private static HealthEntry NotAnswering(VolumeException problem) => new(HealthStatus.Inaccessible, HealthReasons.NotAnswering, problem.Message);

    private async Task<IEnumerable<PoolHealth>> AskAsync(Pool pool, CancellationToken cancellationToken)
    {
        try
        {
            var (_, entries) = await _questions.AskAsync($"pool '{pool.Name}'", () => PoolChecks.Run(pool), cancellationToken);
            return entries.Select(entry => new PoolHealth(pool.Name, entry));
        }
        catch (VolumeException problem) when (problem.Error == VolumeError.Unavailable)
        {
            return [new PoolHealth(pool.Name, NotAnswering(problem))];
        }
    }

    private HealthPage List(int maximum, string token, bool abnormalOnly)
    {
        VolumePages.Check(maximum);
        var last = PageToken.Read(token);
        var survey = new Survey();
        var volumes = new List<VolumeHealth>();

        // A list of volumes that leaves some out says that they do not exist; a list of troubles says nothing about the others.
        foreach (var id in catalogue.ListIds(last, tolerant: abnormalOnly))
        {
            if (TryCheck(id, survey) is not { } volume || (abnormalOnly && volume.Entries.Count == 0)) continue;
            volumes.Add(volume);
            if (maximum > 0 && volumes.Count > maximum) break;
        }

        if (maximum == 0 || volumes.Count <= maximum) return new HealthPage(volumes, "");
        volumes.RemoveAt(maximum);
        return new HealthPage(volumes, PageToken.Behind(volumes[^1].Id));
    }

    /// <summary>The health of a volume; null when it was deleted meanwhile.</summary>
    private VolumeHealth? TryCheck(string id, Survey survey)
    {
        try
        {
            return Check(id, [], survey);
        }
        catch (VolumeException problem) when (problem.Error == VolumeError.NotFound)
        {
            return null;
        }
    }

    private VolumeHealth Check(string id, IReadOnlyList<string> paths, Survey survey)
    {
        var entries = new List<HealthEntry>();
        Volume? volume = null;
        PoolRoom? room = null;
        var poolName = "";
        try
        {
            var pool = catalogue.PoolOf(id);
            if (pool is null)
            {
                // What the caller calls an ephemeral volume is another name than its own.
                pool = catalogue.PoolOf(VolumeId.OfEphemeral(id)) ?? throw VolumeId.NotFound(id);
                id = VolumeId.OfEphemeral(id);
            }

            poolName = pool.Name;
            (room, var ofPool) = survey.Of(pool);
            entries.AddRange(ofPool);
            volume = CheckFiles(pool, id, entries);
        }
        catch (VolumeException problem) when (problem.Error == VolumeError.Unavailable)
        {
            if (entries.TrueForAll(entry => entry.Reason != HealthReasons.PoolUnavailable)) entries.Add(PoolChecks.Unavailable(problem));
        }

        // While it comes or goes, half of it is there.
        if (!catalogue.Operations.IsTaken(Operations.VolumeKey(id))) CheckDisk(id, poolName, room, paths, entries);
        return new VolumeHealth(id, volume, entries);
    }

    private static Volume? CheckFiles(Pool pool, string id, List<HealthEntry> entries)
    {
        try
        {
            var stored = new StoredVolume(pool, pool.Volumes.ReadDescriptor(id));
            if (ImageChecks.Run(stored.Image, stored.Descriptor.ImageSize) is { } damage) entries.Add(damage);
            return stored.ToVolume();
        }
        catch (InvalidDataException damage)
        {
            // It may have been deleted between the two looks.
            if (!pool.Volumes.Exists(id)) throw VolumeId.NotFound(id);
            entries.Add(new HealthEntry(HealthStatus.Inaccessible, HealthReasons.DescriptorDamaged, damage.Message));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw PoolErrors.Translate(pool.Name, problem);
        }

        return null;
    }

    private void CheckDisk(string id, string pool, PoolRoom? room, IReadOnlyList<string> paths, List<HealthEntry> entries)
    {
        var disk = attacher.Find(id);
        var service = attacher.FindService(id);
        entries.AddRange(DiskChecks.OfDisk(id, disk, service, [.. paths.Select(Canonical).OfType<string>()]));
        if (service is not null) entries.AddRange(DiskChecks.OfImage(id, pool, service.Failures, room is { Promises.IsNearlyFull: true }));
        if (disk is not null) entries.AddRange(DiskChecks.OfFileSystem(id, disk));
    }

    /// <summary>A caller's path as mountinfo has it; where it cannot be looked at, because what is mounted there has failed, as it is.</summary>
    private static string? Canonical(string path)
    {
        try
        {
            return HostPath.Find(path)?.Path;
        }
        catch (IOException)
        {
            return path.TrimEnd('/');
        }
        catch (VolumeException)
        {
            return null;
        }
    }

    /// <summary>The pools, each looked at once for all of its volumes.</summary>
    private sealed class Survey
    {
        private readonly Dictionary<Pool, (PoolRoom? Room, IReadOnlyList<HealthEntry> Entries)> _pools = [];

        public (PoolRoom? Room, IReadOnlyList<HealthEntry> Entries) Of(Pool pool) =>
            _pools.TryGetValue(pool, out var seen) ? seen : _pools[pool] = PoolChecks.Run(pool);
    }
}

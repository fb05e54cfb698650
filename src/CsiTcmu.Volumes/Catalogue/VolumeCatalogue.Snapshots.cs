using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public async Task<Snapshot> CreateSnapshotAsync(SnapshotWish wish, CancellationToken cancellationToken)
    {
        var id = VolumeId.OfSnapshot(wish.Name);
        var parameters = SnapshotParameters.Parse(wish.Parameters);
        if (!VolumeId.IsValid(wish.SourceVolumeId)) throw VolumeId.NotFound(wish.SourceVolumeId);
        var snapshot = await Operations.RunAsync(
            "snapshot",
            [Operations.VolumeKey(wish.SourceVolumeId), Operations.SnapshotKey(id)],
            async () => ExistingSnapshot(id, wish) ?? await TakeSnapshotAsync(id, wish, parameters),
            cancellationToken);
        return snapshot.ToSnapshot();
    }

    /// <inheritdoc/>
    public Task DeleteSnapshotAsync(string id, CancellationToken cancellationToken) => VolumeId.IsValid(id)
        ? Operations.RunAsync("deletion", [Operations.SnapshotKey(id)], () => Task.Run(() => DeleteSnapshot(id)), cancellationToken)
        : Task.CompletedTask;

    /// <inheritdoc/>
    public Task<Snapshot> GetSnapshotAsync(string id, CancellationToken cancellationToken) =>
        Task.Run(() => RequireSnapshot(id).ToSnapshot(), cancellationToken).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotPage> ListSnapshotsAsync(SnapshotFilter filter, int maximum, string token, CancellationToken cancellationToken) =>
        Task.Run(() => ListSnapshots(filter, maximum, token), cancellationToken).WaitAsync(cancellationToken);

    /// <summary>The snapshot.</summary>
    /// <exception cref="VolumeException">NotFound; FailedPrecondition: it is damaged; Unavailable: it may be in a pool that is gone.</exception>
    internal StoredSnapshot RequireSnapshot(string id) => FindSnapshot(id) ?? throw VolumeId.NoSnapshot(id);

    /// <summary>The snapshot, or null when there is none.</summary>
    /// <exception cref="VolumeException">FailedPrecondition: it is damaged; Unavailable: it may be in a pool that is gone.</exception>
    internal StoredSnapshot? FindSnapshot(string id)
    {
        if (!VolumeId.IsValid(id) || FindPool(pool => pool.Snapshots.Exists(id), _pools) is not { } pool) return null;
        var snapshot = InPool(pool, () =>
        {
            if (TryReadSnapshot(pool, id, out var reason) is { } found) return found;

            // It may have been deleted between the two looks.
            if (!pool.Snapshots.Exists(id)) return null;
            throw new VolumeException(VolumeError.FailedPrecondition, $"snapshot '{id}' in pool '{pool.Name}' cannot be used: {reason}");
        });
        return snapshot is not null && IsFinished(snapshot.Descriptor) ? snapshot : null;
    }

    private StoredSnapshot? ExistingSnapshot(string id, SnapshotWish wish)
    {
        if (FindSnapshot(id) is not { Descriptor: var descriptor } existing) return null;
        var difference = !string.Equals(descriptor.Name, wish.Name, StringComparison.Ordinal) || descriptor.Group is not null ? "was made under another name"
            : !string.Equals(descriptor.Source, wish.SourceVolumeId, StringComparison.Ordinal) ? $"is one of volume '{descriptor.Source}'"
            : null;
        return difference is null
            ? existing
            : throw new VolumeException(VolumeError.AlreadyExists, $"snapshot '{id}' exists and {difference}; use another name, or the same wish as before");
    }

    private async Task<StoredSnapshot> TakeSnapshotAsync(string id, SnapshotWish wish, SnapshotParameters parameters)
    {
        var plan = new SnapshotPlan(Require(wish.SourceVolumeId), id, wish.Name, wish.Parameters);
        return (await TakeAsync([plan], parameters.Freeze, CreationPoints.Snapshot))[0];
    }

    private void DeleteSnapshot(string id)
    {
        if (FindSnapshot(id) is not { } snapshot)
        {
            foreach (var pool in _pools) InPool(pool, () => pool.Snapshots.Clean(id));
            return;
        }

        if (snapshot.Descriptor.Group is { } group)
            throw new VolumeException(VolumeError.InvalidArgument, $"snapshot '{id}' belongs to group '{group}' and is deleted with it; delete the group");
        InPool(snapshot.Pool, () => snapshot.Pool.Snapshots.Delete(id));
    }

    private SnapshotPage ListSnapshots(SnapshotFilter filter, int maximum, string token)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} snapshots cannot be; ask for 0 (all) or more");

        var last = PageToken.Read(token);
        var snapshots = new List<Snapshot>();
        var ids = _pools.SelectMany(pool => InPool(pool, pool.Snapshots.List).Select(id => (Pool: pool, Id: id)))
            .Where(entry => filter.Id.Length == 0 || string.Equals(entry.Id, filter.Id, StringComparison.Ordinal))
            .Where(entry => string.CompareOrdinal(entry.Id, last) > 0)
            .OrderBy(entry => entry.Id, StringComparer.Ordinal);
        foreach (var (pool, id) in ids)
        {
            // A snapshot that is deleted meanwhile, or damaged, is not in the list.
            if (InPool(pool, () => TryReadSnapshot(pool, id, out _)) is not { } snapshot || !IsFinished(snapshot.Descriptor)) continue;
            if (filter.SourceVolumeId.Length > 0 && !string.Equals(snapshot.Descriptor.Source, filter.SourceVolumeId, StringComparison.Ordinal)) continue;
            snapshots.Add(snapshot.ToSnapshot());
            if (maximum > 0 && snapshots.Count > maximum) break;
        }

        if (maximum == 0 || snapshots.Count <= maximum) return new SnapshotPage(snapshots, "");
        snapshots.RemoveAt(maximum);
        return new SnapshotPage(snapshots, PageToken.Behind(snapshots[^1].Id));
    }

    private static StoredSnapshot? TryReadSnapshot(Pool pool, string id, out string? reason)
    {
        try
        {
            reason = null;
            return pool.Snapshots.Read(id);
        }
        catch (InvalidDataException damage)
        {
            reason = damage.Message;
            return null;
        }
    }
}

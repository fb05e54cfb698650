using CsiTcmu.Volumes;

namespace CsiTcmu.Csi.Tests;

/// <summary>Snapshots that are only names; the real catalogue is behind the services in <see cref="SnapshotTests"/>.</summary>
internal sealed partial class MemoryVolumes
{
    private readonly SortedDictionary<string, Snapshot> _snapshots = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SnapshotGroup> _groups = new(StringComparer.Ordinal);

    public async Task<Snapshot> CreateSnapshotAsync(SnapshotWish wish, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(CreateSnapshotAsync), cancellationToken);
        lock (_lock) return _snapshots[wish.Name] = Snapshot(wish.Name, wish.SourceVolumeId, "");
    }

    public async Task DeleteSnapshotAsync(string id, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(DeleteSnapshotAsync), cancellationToken);
        lock (_lock) _snapshots.Remove(id);
    }

    public async Task<Snapshot> GetSnapshotAsync(string id, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(GetSnapshotAsync), cancellationToken);
        lock (_lock) return _snapshots.TryGetValue(id, out var snapshot) ? snapshot : throw new VolumeException(VolumeError.NotFound, $"there is no snapshot {id}");
    }

    public async Task<SnapshotPage> ListSnapshotsAsync(SnapshotFilter filter, int maximum, string token, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(ListSnapshotsAsync), cancellationToken);
        lock (_lock) return new SnapshotPage([.. _snapshots.Values], "");
    }

    public async Task<SnapshotGroup> CreateGroupAsync(GroupWish wish, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(CreateGroupAsync), cancellationToken);
        lock (_lock)
        {
            return _groups[wish.Name] = new SnapshotGroup
            {
                Id = wish.Name,
                Name = wish.Name,
                Created = DateTimeOffset.UnixEpoch,
                Snapshots = [.. wish.SourceVolumeIds.Select(source => Snapshot($"{wish.Name}-{source}", source, wish.Name))],
            };
        }
    }

    public async Task DeleteGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(DeleteGroupAsync), cancellationToken);
        lock (_lock) _groups.Remove(id);
    }

    public async Task<SnapshotGroup> GetGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken)
    {
        await BeginAsync(nameof(GetGroupAsync), cancellationToken);
        lock (_lock) return _groups.TryGetValue(id, out var group) ? group : throw new VolumeException(VolumeError.NotFound, $"there is no group {id}");
    }

    private Snapshot Snapshot(string id, string source, string group) => new()
    {
        Id = id,
        Name = id,
        Pool = "main",
        SourceVolumeId = source,
        Size = Find(source).Size,
        Created = DateTimeOffset.UnixEpoch,
        GroupId = group,
    };
}

using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

public sealed partial class ResourceCatalogue
{
    /// <inheritdoc/>
    public Task<Snapshot> CreateSnapshotAsync(SnapshotWish wish, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        var name = ResourceNames.OfSnapshot(wish.Name);
        VolumeRules.CheckSnapshot(wish.Parameters);
        return RunAsync(
            "snapshot", name,
            async patience =>
            {
                var resource = await FindSnapshotAsync(name, patience) ?? await WishAsync(name, wish, patience);
                if (resource.IsLeaving)
                    throw new VolumeException(VolumeError.Aborted, $"snapshot '{name}' is being deleted; it can be taken again when that has ended");
                var difference = (resource.Spec.CsiName ?? name) != wish.Name ? "was made under another name"
                    : resource.Spec.Volume != wish.SourceVolumeId ? $"is one of volume '{resource.Spec.Volume}'"
                    : null;
                if (difference is not null)
                    throw new VolumeException(VolumeError.AlreadyExists, $"snapshot '{name}' exists and {difference}; use another name, or the same wish as before");
                return ToSnapshot(await AwaitMadeAsync(Kinds.Snapshots, _snapshots.Cache, resource, patience));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteSnapshotAsync(string id, CancellationToken cancellationToken) => RunAsync(
        "deletion", id,
        async patience =>
        {
            if (await FindSnapshotAsync(id, patience) is { } resource) await DeleteAsync(Kinds.Snapshots, _snapshots.Cache, resource, patience);
            else if (FindMember(id) is { } member)
                throw new VolumeException(VolumeError.InvalidArgument, $"snapshot '{id}' belongs to group '{member.GroupId}' and is deleted with it; delete the group");
            return Gone;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<Snapshot> GetSnapshotAsync(string id, CancellationToken cancellationToken) =>
        RunAsync("look-up", id, patience => RequireSnapshotAsync(id, patience), cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotPage> ListSnapshotsAsync(SnapshotFilter filter, int maximum, string token, CancellationToken cancellationToken)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} snapshots cannot be; ask for 0 (all) or more");
        var last = PageToken.Read(token);
        return RunAsync(
            "list", "the cluster",
            async patience =>
            {
                await SynchronisedAsync(patience);
                var taken = _snapshots.Cache.All.Where(snapshot => snapshot.IsTaken).Select(ToSnapshot).Concat(Members())
                    .Where(snapshot => filter.Id.Length == 0 || snapshot.Id == filter.Id)
                    .Where(snapshot => filter.SourceVolumeId.Length == 0 || snapshot.SourceVolumeId == filter.SourceVolumeId)
                    .Where(snapshot => string.CompareOrdinal(snapshot.Id, last) > 0)
                    .OrderBy(snapshot => snapshot.Id, StringComparer.Ordinal);
                List<Snapshot> page = [.. maximum > 0 ? taken.Take(maximum + 1) : taken];
                if (maximum == 0 || page.Count <= maximum) return new SnapshotPage(page, "");
                page.RemoveAt(maximum);
                return new SnapshotPage(page, PageToken.Behind(page[^1].Id));
            },
            cancellationToken);
    }

    private static Snapshot ToSnapshot(TcmuSnapshot resource) => new()
    {
        Id = resource.Metadata.Name,
        Name = resource.Spec.CsiName ?? resource.Metadata.Name,
        Node = resource.Spec.Node,
        Pool = resource.Spec.Pool,
        SourceVolumeId = resource.Spec.Volume,
        Size = resource.Status!.Size?.Bytes ?? 0,
        Created = resource.Status.TakenTime!.Value,
    };

    private static VolumeException NoSnapshot(string id) => new(
        VolumeError.NotFound,
        ResourceNames.IsValid(id) ? $"there is no snapshot '{id}' in this cluster" : "there is no such snapshot; its id is none that this driver gives out");

    /// <summary>Writes the resource of a new snapshot; when another one was quicker, finds that.</summary>
    private async Task<TcmuSnapshot> WishAsync(string name, SnapshotWish wish, CancellationToken patience)
    {
        var volume = await RequireMadeAsync(wish.SourceVolumeId, patience);
        if (FindMember(name) is { } member)
            throw new VolumeException(VolumeError.AlreadyExists, $"snapshot '{name}' is one of group '{member.GroupId}'; use another name");
        var resource = new TcmuSnapshot
        {
            Metadata = NewMetadata(name, volume.Spec.Node),
            Spec = new TcmuSnapshotSpec
            {
                Node = volume.Spec.Node,
                Pool = volume.Spec.Pool,
                Volume = wish.SourceVolumeId,
                CsiName = wish.Name == name ? null : wish.Name,
                Parameters = Copy(wish.Parameters),
                Snapshot = SnapshotReference.Of(wish.Parameters, "volumesnapshot"),
            },
        };
        return await CreateOrFindAsync(Kinds.Snapshots, _snapshots.Cache, resource, patience);
    }

    private Task<TcmuSnapshot?> FindSnapshotAsync(string id, CancellationToken patience) => FindKnownAsync(Kinds.Snapshots, _snapshots.Cache, id, patience);

    /// <summary>A snapshot that has been taken, of a group or not.</summary>
    /// <exception cref="VolumeException">NotFound; Aborted: it is being taken or deleted.</exception>
    private async Task<Snapshot> RequireSnapshotAsync(string id, CancellationToken patience)
    {
        await SynchronisedAsync(patience);
        if (FindMember(id) is { } member) return member;
        var resource = await FindSnapshotAsync(id, patience) ?? throw NoSnapshot(id);
        if (resource.IsLeaving) throw new VolumeException(VolumeError.Aborted, $"snapshot '{id}' is being deleted");
        return resource.IsTaken
            ? ToSnapshot(resource)
            : throw new VolumeException(VolumeError.Aborted, $"snapshot '{id}' is being taken; try again when it has been");
    }
}

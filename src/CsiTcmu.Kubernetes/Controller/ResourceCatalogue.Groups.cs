using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

public sealed partial class ResourceCatalogue
{
    private const int MostOfGroup = 100; // The resource definition's limit.

    /// <inheritdoc/>
    public Task<SnapshotGroup> CreateGroupAsync(GroupWish wish, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        var name = ResourceNames.OfGroup(wish.Name);
        VolumeRules.CheckSnapshot(wish.Parameters);
        List<string> sources = [.. wish.SourceVolumeIds.Order(StringComparer.Ordinal)];
        if (sources.Count is 0 or > MostOfGroup)
            throw new VolumeException(VolumeError.InvalidArgument, $"a group has 1 to {MostOfGroup} volumes; this one has {sources.Count}");
        if (sources.Distinct(StringComparer.Ordinal).Count() != sources.Count)
            throw new VolumeException(VolumeError.InvalidArgument, "a volume is named twice for the group; name each once");
        return RunAsync(
            "group snapshot", name,
            async patience =>
            {
                var resource = await FindGroupAsync(name, patience) ?? await WishAsync(name, wish, sources, patience);
                if (resource.IsLeaving)
                    throw new VolumeException(VolumeError.Aborted, $"group '{name}' is being deleted; it can be taken again when that has ended");
                if ((resource.Spec.CsiName ?? name) != wish.Name || !resource.Spec.Volumes.SequenceEqual(sources, StringComparer.Ordinal))
                {
                    throw new VolumeException(
                        VolumeError.AlreadyExists,
                        $"group '{name}' exists and is one of {string.Join(", ", resource.Spec.Volumes)}; use another name, or the same wish as before");
                }

                return ToGroup(await AwaitMadeAsync(Kinds.Groups, _groups.Cache, resource, patience));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken) => RunAsync(
        "deletion", id,
        async patience =>
        {
            if (await FindGroupAsync(id, patience) is not { } resource) return Gone;
            CheckMembers(resource, snapshotIds);
            await DeleteAsync(Kinds.Groups, _groups.Cache, resource, patience);
            return Gone;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<SnapshotGroup> GetGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken) => RunAsync(
        "look-up", id,
        async patience =>
        {
            var resource = await FindGroupAsync(id, patience)
                ?? throw new VolumeException(VolumeError.NotFound, $"there is no group of snapshots {(ResourceNames.IsValid(id) ? $"'{id}' " : "of that id ")}in this cluster");
            if (resource.IsLeaving || !resource.IsTaken)
                throw new VolumeException(VolumeError.Aborted, $"group '{id}' is being {(resource.IsLeaving ? "deleted" : "taken")}; try again");
            CheckMembers(resource, snapshotIds);
            return ToGroup(resource);
        },
        cancellationToken);

    private static SnapshotGroup ToGroup(TcmuSnapshotGroup resource) => new()
    {
        Id = resource.Metadata.Name,
        Name = resource.Spec.CsiName ?? resource.Metadata.Name,
        Created = resource.Status!.TakenTime!.Value,
        Snapshots = [.. MembersOf(resource)],
    };

    private static IEnumerable<Snapshot> MembersOf(TcmuSnapshotGroup resource) => (resource.Status!.Snapshots ?? []).Select(member => new Snapshot
    {
        Id = member.Name,
        Name = member.Name,
        Node = resource.Spec.Node,
        Pool = member.Pool,
        SourceVolumeId = member.Volume,
        Size = member.Size.Bytes,
        Created = resource.Status.TakenTime!.Value,
        GroupId = resource.Metadata.Name,
    });

    private static void CheckMembers(TcmuSnapshotGroup resource, IReadOnlyList<string> snapshotIds)
    {
        var own = (resource.Status?.Snapshots ?? []).ConvertAll(member => member.Name);
        if (snapshotIds.Count == 0 || snapshotIds.ToHashSet(StringComparer.Ordinal).SetEquals(own)) return;
        throw new VolumeException(
            VolumeError.InvalidArgument,
            $"the snapshots that are named are not those of group '{resource.Metadata.Name}'; its own are: {string.Join(", ", own)}");
    }

    /// <summary>The snapshots of all groups that have been taken.</summary>
    private IEnumerable<Snapshot> Members() => _groups.Cache.All.Where(group => group.IsTaken).SelectMany(MembersOf);

    private Snapshot? FindMember(string id) => Members().FirstOrDefault(member => member.Id == id);

    /// <summary>Writes the resource of a new group; when another one was quicker, finds that.</summary>
    private async Task<TcmuSnapshotGroup> WishAsync(string name, GroupWish wish, List<string> sources, CancellationToken patience)
    {
        var volumes = new List<TcmuVolume>();
        foreach (var source in sources) volumes.Add(await RequireMadeAsync(source, patience));
        var node = volumes[0].Spec.Node;
        if (volumes.Exists(volume => volume.Spec.Node != node))
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition,
                $"one instant is possible on one node only, and the volumes are on several: {string.Join(", ", volumes.Select(volume => $"{volume.Metadata.Name} on '{volume.Spec.Node}'"))}");
        }

        var resource = new TcmuSnapshotGroup
        {
            Metadata = NewMetadata(name, node),
            Spec = new TcmuSnapshotGroupSpec
            {
                Node = node,
                Volumes = sources,
                CsiName = wish.Name == name ? null : wish.Name,
                Parameters = Copy(wish.Parameters),
                Snapshot = SnapshotReference.Of(wish.Parameters, "volumegroupsnapshot"),
            },
        };
        return await CreateOrFindAsync(Kinds.Groups, _groups.Cache, resource, patience);
    }

    private Task<TcmuSnapshotGroup?> FindGroupAsync(string id, CancellationToken patience) => FindKnownAsync(Kinds.Groups, _groups.Cache, id, patience);
}

using CsiTcmu.Volumes.Pools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public async Task<SnapshotGroup> CreateGroupAsync(GroupWish wish, CancellationToken cancellationToken)
    {
        var id = VolumeId.OfGroup(wish.Name);
        var parameters = SnapshotParameters.Parse(wish.Parameters);
        if (wish.SourceVolumeIds.Count == 0) throw new VolumeException(VolumeError.InvalidArgument, "a group has at least one volume; name some");
        List<string> sources = [.. wish.SourceVolumeIds.Order(StringComparer.Ordinal)];
        if (sources.Distinct(StringComparer.Ordinal).Count() != sources.Count)
            throw new VolumeException(VolumeError.InvalidArgument, "a volume is named twice for the group; name each once");
        if (sources.FirstOrDefault(source => !VolumeId.IsValid(source)) is { } unknown) throw VolumeId.NotFound(unknown);
        var group = await Operations.RunAsync(
            "group snapshot",
            [
                Operations.GroupKey(id),
                .. sources.Select(Operations.VolumeKey),
                .. sources.Select(source => Operations.SnapshotKey(VolumeId.OfMember(id, source))),
            ],
            async () => ExistingGroup(id, wish, sources) ?? await TakeGroupAsync(id, wish, sources, parameters),
            cancellationToken);
        return Describe(group);
    }

    /// <inheritdoc/>
    public Task DeleteGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken)
    {
        if (!VolumeId.IsValid(id)) return Task.CompletedTask;

        // Members never change, so they can be looked up before they are locked.
        var members = FindGroup(id)?.Group.Members ?? [];
        return Operations.RunAsync(
            "deletion",
            [Operations.GroupKey(id), .. members.Select(member => Operations.SnapshotKey(member.Id))],
            () => Task.Run(() => DeleteGroup(id, snapshotIds)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<SnapshotGroup> GetGroupAsync(string id, IReadOnlyList<string> snapshotIds, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            var group = FindGroup(id)?.Group ?? throw VolumeId.NoGroup(id);
            CheckMembers(group, snapshotIds);
            return Describe(group);
        },
        cancellationToken).WaitAsync(cancellationToken);

    private GroupDescriptor? ExistingGroup(string id, GroupWish wish, IReadOnlyList<string> sources)
    {
        if (FindGroup(id)?.Group is not { } existing) return null;
        var ofSame = string.Equals(existing.Name, wish.Name, StringComparison.Ordinal)
            && existing.Members.Select(member => member.Source).SequenceEqual(sources, StringComparer.Ordinal);
        var difference = !ofSame ? $"is one of {string.Join(", ", existing.Members.Select(member => member.Source))}"
            : !VolumeRules.IsSameSnapshot(RequireSnapshot(existing.Members[0].Id).Descriptor.Parameters, wish.Parameters) ? "was taken with other parameters"
            : null;
        return difference is null
            ? existing
            : throw new VolumeException(VolumeError.AlreadyExists, $"group '{id}' exists and {difference}; use another name, or the same wish as before");
    }

    private async Task<GroupDescriptor> TakeGroupAsync(string id, GroupWish wish, IReadOnlyList<string> sources, SnapshotParameters parameters)
    {
        List<SnapshotPlan> plans =
        [
            .. sources.Select(Require).Select(volume =>
            {
                var member = VolumeId.OfMember(id, volume.Id);
                return new SnapshotPlan(volume, member, member, wish.Parameters);
            }),
        ];
        if (plans.FirstOrDefault(plan => FindSnapshot(plan.Id) is not null) is { } taken)
            throw new VolumeException(VolumeError.AlreadyExists, $"snapshot '{taken.Id}' has the name of one that group '{id}' needs; delete it, or use another name for the group");

        try
        {
            var snapshots = await TakeAsync(plans, parameters.Freeze, CreationPoints.Member, id);
            var group = new GroupDescriptor
            {
                Version = GroupDescriptor.CurrentVersion,
                Id = id,
                Name = wish.Name,
                Created = snapshots[0].Descriptor.Created,
                Members = [.. snapshots.Select(snapshot => new GroupMember(snapshot.Id, snapshot.Descriptor.Source, snapshot.Pool.Name))],
            };
            InPool(plans[0].Pool, () => plans[0].Pool.Groups.Write(group));
            FaultPoints.Reach(FaultPoints.GroupRecorded);
            return group;
        }
        catch (Exception cause) when (cause is IOException or VolumeException)
        {
            RemoveMembers(id);
            throw;
        }
    }

    private void DeleteGroup(string id, IReadOnlyList<string> snapshotIds)
    {
        if (FindGroup(id) is { } found)
        {
            CheckMembers(found.Group, snapshotIds);
            if (found.Group.Members.FirstOrDefault(member => !HasPool(member.Pool)) is { } elsewhere)
                throw new VolumeException(VolumeError.Unavailable, $"group '{id}' has a snapshot in pool '{elsewhere.Pool}', which is not one of this node's; give the driver that pool");
            InPool(found.Pool, () => found.Pool.Groups.Remove(id));
            FaultPoints.Reach(FaultPoints.UngroupRecord);
        }

        RemoveMembers(id);
    }

    /// <summary>Removes the snapshots of a group that has no record: one that was never finished, or that is being deleted.</summary>
    private void RemoveMembers(string? group)
    {
        foreach (var pool in _pools)
        {
            foreach (var id in InPool(pool, pool.Snapshots.List))
            {
                if (InPool(pool, () => TryReadSnapshot(pool, id, out _))?.Descriptor is not { Group: { } of } descriptor) continue;
                if ((group is not null && !string.Equals(of, group, StringComparison.Ordinal)) || IsFinished(descriptor)) continue;
                InPool(pool, () => pool.Snapshots.Delete(id));
                FaultPoints.Reach(FaultPoints.UngroupMember);
            }
        }
    }

    /// <summary>Removes what an interrupted operation on a group left, where it is certain that it did.</summary>
    private void RemoveUnfinishedGroups()
    {
        try
        {
            RemoveMembers(null);
        }
        catch (VolumeException problem)
        {
            // They name nothing and only take room until the next start.
            _logger.LogWarning("Snapshots of groups that were never finished are kept: {Problem}", problem.Message);
        }
    }

    /// <summary>Removes a snapshot of a group that was never finished, whose name is needed.</summary>
    private void RemoveUnfinished(Pool pool, string id)
    {
        if (pool.Snapshots.Exists(id) && TryReadSnapshot(pool, id, out _) is { } left && !IsFinished(left.Descriptor)) pool.Snapshots.Delete(id);
    }

    /// <summary>False for a member of a group that has no record. Where the record may be in a pool that this process does not have, it is there.</summary>
    private bool IsFinished(SnapshotDescriptor descriptor) =>
        descriptor.Group is not { } group
        || _pools.FirstOrDefault(pool => string.Equals(pool.Name, descriptor.GroupPool, StringComparison.Ordinal)) is not { } home
        || InPool(home, () => home.Groups.Exists(group));

    private (Pool Pool, GroupDescriptor Group)? FindGroup(string id)
    {
        if (!VolumeId.IsValid(id) || FindPool(pool => pool.Groups.Exists(id), _pools) is not { } pool) return null;
        return InPool<(Pool, GroupDescriptor)?>(pool, () =>
        {
            try
            {
                return (pool, pool.Groups.Read(id));
            }
            catch (InvalidDataException damage)
            {
                if (!pool.Groups.Exists(id)) return null;
                throw new VolumeException(VolumeError.FailedPrecondition, $"group '{id}' in pool '{pool.Name}' cannot be used: {damage.Message}", damage);
            }
        });
    }

    private static void CheckMembers(GroupDescriptor group, IReadOnlyList<string> snapshotIds)
    {
        if (snapshotIds.Count == 0 || snapshotIds.ToHashSet(StringComparer.Ordinal).SetEquals(group.Members.Select(member => member.Id))) return;
        throw new VolumeException(
            VolumeError.InvalidArgument, $"the snapshots that are named are not those of group '{group.Id}'; its own are: {string.Join(", ", group.Members.Select(member => member.Id))}");
    }

    private SnapshotGroup Describe(GroupDescriptor group) => new()
    {
        Id = group.Id,
        Name = group.Name,
        Created = group.Created,
        Snapshots = [.. group.Members.Select(member => RequireSnapshot(member.Id).ToSnapshot())],
    };
}

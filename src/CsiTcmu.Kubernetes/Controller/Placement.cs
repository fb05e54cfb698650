using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>Room in a pool of a node, less what is under way there.</summary>
/// <param name="Node">The node.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Available">Bytes that new volumes can be promised.</param>
/// <param name="Largest">Largest volume that can be made.</param>
internal readonly record struct PoolSpace(string Node, string Pool, long Available, long Largest);

/// <summary>Where a new volume goes.</summary>
internal static class Placement
{
    /// <summary>
    /// Room in the pools of the nodes that can make volumes. A volume whose image was not there yet when its node reported takes its room
    /// here, and so does the rest of one that grows.
    /// </summary>
    public static IReadOnlyList<PoolSpace> Measure(IEnumerable<TcmuNode> nodes, IReadOnlyList<TcmuVolume> volumes)
    {
        var spaces = new List<PoolSpace>();
        foreach (var node in nodes)
        {
            if (node.Status is not { } status) continue;
            foreach (var pool in status.Pools ?? [])
            {
                if (!pool.Ready) continue;
                var underWay = volumes
                    .Where(volume => volume.Spec.Node == node.Metadata.Name && volume.Spec.Pool == pool.Name)
                    .Sum(volume => UnderWay(volume, status.Heartbeat));
                var available = Math.Max(0, pool.Available.Bytes - underWay);
                spaces.Add(new PoolSpace(node.Metadata.Name, pool.Name, available, Math.Min(available, pool.MaximumVolumeSize.Bytes)));
            }
        }

        return spaces;
    }

    /// <summary>
    /// The pool for a volume: of the first preferred node that has room, else of any; there the one in which the least is left over, so
    /// that room for large volumes stays.
    /// </summary>
    /// <exception cref="VolumeException">Exhausted: no pool that is allowed has room.</exception>
    public static PoolSpace Choose(IReadOnlyList<PoolSpace> spaces, string pool, long size, NodeChoice? nodes)
    {
        var allowed = spaces
            .Where(space => nodes?.Requisite is not { } requisite || requisite.Contains(space.Node, StringComparer.Ordinal))
            .Where(space => pool.Length == 0 || space.Pool == pool)
            .ToList();
        var fitting = allowed.Where(space => space.Largest >= size).ToList();
        if (fitting.Count == 0) throw new VolumeException(VolumeError.Exhausted, Explain(allowed, pool, size, nodes));
        var preferred = nodes?.Preferred.FirstOrDefault(node => fitting.Any(space => space.Node == node));
        return fitting
            .Where(space => preferred is null || space.Node == preferred)
            .OrderBy(space => space.Available)
            .ThenBy(space => space.Node, StringComparer.Ordinal)
            .ThenBy(space => space.Pool, StringComparer.Ordinal)
            .First();
    }

    private static long UnderWay(TcmuVolume volume, DateTimeOffset reported)
    {
        if (volume.Status is not { Wwid: not null, Size: { } size }) return volume.Spec.Size.Bytes;
        if (volume.Status.MadeTime is { } made && made >= reported) return volume.Spec.Size.Bytes;
        return Math.Max(0, volume.Spec.Size.Bytes - size.Bytes);
    }

    private static string Explain(List<PoolSpace> allowed, string pool, long size, NodeChoice? nodes)
    {
        var where = nodes?.Requisite is { } requisite ? $"on node {string.Join(" or ", requisite)}" : "on any node";
        var wanted = $"no pool{(pool.Length > 0 ? $" '{pool}'" : "")} {where} has room for {new Quantity(size)}";
        return allowed.Count == 0
            ? $"{wanted}: no such pool is ready; kubectl get tcmunodes tells which are"
            : $"{wanted}; the most is {new Quantity(allowed.Max(space => space.Largest))}: delete volumes, enlarge a pool, or add a node";
    }
}

using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

public sealed partial class ResourceCatalogue
{
    /// <summary>Where the bytes of a new volume come from.</summary>
    private readonly record struct Content(string Node, string Pool, long Size);

    /// <summary>The place of a volume that begins as a copy: on the node of its source, whose pool it shares unless another one is asked for.</summary>
    /// <exception cref="VolumeException">
    /// NotFound; OutOfRange: it would be smaller than its source; Exhausted: the source is on a node that is not allowed, or has no room.
    /// </exception>
    private async Task<(long Size, PoolSpace Space)> PlaceCopyAsync(
        VolumeSource source, string name, VolumeWish wish, VolumeTerms terms, CancellationToken patience)
    {
        if (source.Kind == VolumeSourceKind.Volume && source.Id == name)
            throw new VolumeException(VolumeError.InvalidArgument, $"volume '{name}' cannot be its own source; use another name");
        var (node, pool, size) = await ContentOfAsync(source, patience);
        var what = $"{(source.Kind == VolumeSourceKind.Snapshot ? "snapshot" : "volume")} '{source.Id}'";
        if (wish.Size.Limit > 0 && wish.Size.Limit < size)
            throw new VolumeException(VolumeError.OutOfRange, $"size limit {wish.Size.Limit} is less than {what} has, {size} bytes; ask for as much or more");
        if (wish.Nodes?.Requisite is { } requisite && !requisite.Contains(node, StringComparer.Ordinal))
        {
            throw new VolumeException(
                VolumeError.Exhausted, $"{what} is on node '{node}', and a copy is made where its source is; let the pod run there, not on {string.Join(" or ", requisite)}");
        }

        var chosen = VolumeRules.ChooseSize(wish.Size with { Required = Math.Max(wish.Size.Required, size) }, terms.MinimumSize);
        return (chosen, Placement.Choose(Spaces(), terms.Pool.Length > 0 ? terms.Pool : pool, chosen, new NodeChoice([node], [])));
    }

    private async Task<Content> ContentOfAsync(VolumeSource source, CancellationToken patience)
    {
        if (source.Kind == VolumeSourceKind.Snapshot)
        {
            var snapshot = await RequireSnapshotAsync(source.Id, patience);
            return new Content(snapshot.Node, snapshot.Pool, snapshot.Size);
        }

        var volume = await RequireMadeAsync(source.Id, patience);
        return new Content(volume.Spec.Node, volume.Spec.Pool, volume.Status!.Size?.Bytes ?? volume.Spec.Size.Bytes);
    }
}

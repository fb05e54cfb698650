using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

public sealed partial class ResourceCatalogue
{
    private const string ClaimName = "csi.storage.k8s.io/pvc/name", ClaimNamespace = "csi.storage.k8s.io/pvc/namespace";

    /// <inheritdoc/>
    public Task<Volume> CreateAsync(VolumeWish wish, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        var name = ResourceNames.Of(wish.Name);
        var terms = VolumeRules.Check(wish);
        return RunAsync(
            "creation", name,
            async patience =>
            {
                var resource = await FindAsync(name, patience) ?? await PlaceAsync(name, wish, terms, patience);
                if (resource.IsLeaving)
                    throw new VolumeException(VolumeError.Aborted, $"volume '{name}' is being deleted; it can be made again when that has ended");
                if (Difference(resource, wish) is { } difference)
                    throw new VolumeException(VolumeError.AlreadyExists, $"volume '{name}' exists and {difference}; use another name, or the same wish as before");
                return ToVolume(await AwaitMadeAsync(Kinds.Volumes, _volumes.Cache, resource, patience));
            },
            cancellationToken);
    }

    /// <summary>Writes the resource of a new volume; when another one was quicker, finds that.</summary>
    private async Task<TcmuVolume> PlaceAsync(string name, VolumeWish wish, VolumeTerms terms, CancellationToken patience)
    {
        // One at a time, so that what one takes the next one sees.
        await _placing.WaitAsync(patience);
        try
        {
            var (size, space) = wish.Source is { } source
                ? await PlaceCopyAsync(source, name, wish, terms, patience)
                : PlaceEmpty(wish, terms);
            return await CreateOrFindAsync(Kinds.Volumes, _volumes.Cache, Describe(name, wish, size, space), patience);
        }
        finally
        {
            _placing.Release();
        }
    }

    private (long Size, PoolSpace Space) PlaceEmpty(VolumeWish wish, VolumeTerms terms)
    {
        var size = VolumeRules.ChooseSize(wish.Size, terms.MinimumSize);
        return (size, Placement.Choose(Spaces(), terms.Pool, size, wish.Nodes));
    }

    private static TcmuVolume Describe(string name, VolumeWish wish, long size, PoolSpace space) => new()
    {
        Metadata = NewMetadata(name, space.Node),
        Spec = new TcmuVolumeSpec
        {
            Node = space.Node,
            Pool = space.Pool,
            CsiName = wish.Name == name ? null : wish.Name,
            Size = new Quantity(size),
            VolumeMode = wish.Block ? TcmuVolumeSpec.BlockMode : TcmuVolumeSpec.FilesystemMode,
            FileSystem = wish.FileSystem.Length > 0 ? wish.FileSystem : null,
            Parameters = Copy(wish.Parameters),
            MutableParameters = Copy(wish.MutableParameters),
            Source = SourceReference.Of(wish.Source),
            Claim = wish.Parameters.TryGetValue(ClaimName, out var claim) && wish.Parameters.TryGetValue(ClaimNamespace, out var scope)
                ? new ClaimReference { Namespace = scope, Name = claim }
                : null,
        },
    };

    private static Dictionary<string, string>? Copy(IReadOnlyDictionary<string, string> values) =>
        values.Count == 0 ? null : new Dictionary<string, string>(values, StringComparer.Ordinal);

    private static string? Difference(TcmuVolume existing, VolumeWish wish)
    {
        var spec = existing.Spec;
        if ((spec.CsiName ?? existing.Metadata.Name) != wish.Name) return "was made under another name";
        if (spec.Source?.ToSource() != wish.Source) return spec.Source is { } source ? $"was made from {source.Kind} '{source.Name}'" : "was made empty";
        if (!VolumeRules.Satisfies(spec.Size.Bytes, wish.Size)) return $"has a size of {spec.Size}, which is not the size asked for";
        if (spec.IsBlock != wish.Block) return spec.IsBlock ? "is for raw block" : "is for a file system";
        if ((spec.FileSystem ?? "") != wish.FileSystem) return $"was asked for with file system '{spec.FileSystem}'";
        if (!Same(spec.Parameters, wish.Parameters)) return "has other parameters";
        if (!Same(spec.MutableParameters, wish.MutableParameters)) return "has other mutable parameters";
        return wish.Nodes?.Requisite is { } requisite && !requisite.Contains(spec.Node, StringComparer.Ordinal) ? $"is on node '{spec.Node}'" : null;
    }

    private static bool Same(Dictionary<string, string>? own, IReadOnlyDictionary<string, string> given) =>
        (own?.Count ?? 0) == given.Count
        && given.All(entry => own!.TryGetValue(entry.Key, out var value) && value == entry.Value);
}

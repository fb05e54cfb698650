using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public Task<Volume> CreateAsync(VolumeWish wish, CancellationToken cancellationToken)
    {
        var id = VolumeId.Of(wish.Name);
        VolumeSizes.Check(wish.Size);
        if (wish.Source is { } source) return CreateFromAsync(id, wish, source, cancellationToken);
        var parameters = VolumeParameters.Parse(wish.Parameters, wish.FileSystem, wish.Block, wish.MutableParameters);
        var pools = Candidates(parameters.Pool);
        return Operations.RunAsync(
            "creation",
            [Operations.VolumeKey(id)],
            async () => (Existing(id, wish, parameters, pools) ?? await CreateEmptyAsync(id, wish, parameters, pools)).ToVolume(),
            cancellationToken);
    }

    /// <summary>The volume that was made for the same wish; null when there is none of that name.</summary>
    private StoredVolume? Existing(string id, VolumeWish wish, VolumeParameters parameters, IReadOnlyList<Pool> candidates)
    {
        // In a pool that the wish does not allow there is no volume of this wish, so that pool may be gone.
        if (Find(id, candidates) is not { } existing) return null;
        var descriptor = existing.Descriptor;
        return Difference(existing, wish, parameters) is { } difference
            ? throw new VolumeException(VolumeError.AlreadyExists, $"volume '{descriptor.Id}' exists and {difference}; use another name, or the same wish as before")
            : existing;
    }

    private static string? Difference(StoredVolume existing, VolumeWish wish, VolumeParameters parameters)
    {
        var descriptor = existing.Descriptor;
        if (!string.Equals(descriptor.Name, wish.Name, StringComparison.Ordinal)) return "was made under another name";
        if (descriptor.Source != wish.Source) return descriptor.Source is { } source ? $"was made from {Describe(source)}" : "was made empty";
        if (!VolumeSizes.Satisfies(descriptor.Size, wish.Size)) return $"has {descriptor.Size} bytes, which is not the size asked for";
        if (descriptor.Block != wish.Block) return descriptor.Block ? "is for raw block" : "is for a file system";
        if (parameters.Pool.Length > 0 && !string.Equals(existing.Pool.Name, parameters.Pool, StringComparison.Ordinal)) return $"is in pool '{existing.Pool.Name}'";
        if (descriptor.BlockSize != parameters.BlockSize) return $"has a block size of {descriptor.BlockSize}";
        if (!descriptor.Block && !string.Equals(descriptor.FileSystem, parameters.FileSystem, StringComparison.Ordinal)) return $"is for {descriptor.FileSystem}";
        if (existing.Encryption != parameters.Encryption) return existing.Encryption.Enabled ? "is encrypted in another way" : "is not encrypted";
        if (existing.Limits != parameters.Limits) return "has other limits";
        if (existing.ZeroCopy != parameters.ZeroCopy) return "says something else of zero copy";
        return string.Equals(descriptor.MkfsOptions, parameters.MkfsOptions, StringComparison.Ordinal) ? null : $"has mkfs options '{descriptor.MkfsOptions}'";
    }

    private async Task<StoredVolume> CreateEmptyAsync(string id, VolumeWish wish, VolumeParameters parameters, IReadOnlyList<Pool> candidates)
    {
        var (pool, room) = Choose(candidates, wish.Size.Required);
        var size = VolumeSizes.Choose(
            wish.Size, VolumeSizes.Minimum(parameters.FileSystem, wish.Block), VolumeSizes.MaximumIn(room, parameters.Encryption));
        var descriptor = Describe(id, wish, parameters, size);
        return await InPoolAsync(pool, async () =>
        {
            pool.Volumes.Clean(id);
            using var reservation = pool.Reserve(descriptor.ImageSize);
            await pool.Volumes.CreateAsync(descriptor);
            return new StoredVolume(pool, descriptor);
        });
    }

    private VolumeDescriptor Describe(string id, VolumeWish wish, VolumeParameters parameters, long size) => new()
    {
        Version = VolumeDescriptor.CurrentVersion,
        Id = id,
        Name = wish.Name,
        Size = size,
        BlockSize = parameters.BlockSize,
        Block = wish.Block,
        FileSystem = parameters.FileSystem,
        MkfsOptions = parameters.MkfsOptions,
        Parameters = new Dictionary<string, string>(wish.Parameters, StringComparer.Ordinal),
        MutableParameters = wish.MutableParameters.Count == 0 ? null : new Dictionary<string, string>(wish.MutableParameters, StringComparer.Ordinal),
        Source = wish.Source,
        Wwid = WorldWideNames.NewDisk(),
        Target = NewTarget(),
        Format = FormatState.Never,
    };

    /// <summary>A target name that no volume has: two targets of one name would be one SCSI host.</summary>
    private string NewTarget()
    {
        var taken = _pools.SelectMany(Targets).ToHashSet(StringComparer.Ordinal);
        for (; ; )
        {
            var target = WorldWideNames.NewTarget();
            if (!taken.Contains(target)) return target;
        }
    }

    private static List<string> Targets(Pool pool)
    {
        try
        {
            return [.. pool.Volumes.List().Select(id => TryRead(pool, id, out _)).OfType<StoredVolume>().Select(volume => volume.Descriptor.Target)];
        }
        catch (Exception cause) when (cause is VolumeException or IOException)
        {
            // A pool that is gone: chance alone keeps the names apart, 1 in 2^36.
            return [];
        }
    }
}

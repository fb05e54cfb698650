using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <summary>What the bytes of a new volume come from.</summary>
    /// <param name="Pool">Its pool.</param>
    /// <param name="Image">Its image.</param>
    /// <param name="Size">Its size.</param>
    /// <param name="Block">True for raw block.</param>
    /// <param name="Shape">What the new volume takes from it.</param>
    /// <param name="Format">How far its formatting is.</param>
    /// <param name="Volume">The volume, when it is one.</param>
    private sealed record Content(Pool Pool, string Image, long Size, bool Block, ContentShape Shape, FormatState Format, StoredVolume? Volume);

    private Task<Volume> CreateFromAsync(string id, VolumeWish wish, VolumeSource source, CancellationToken cancellationToken)
    {
        var snapshot = source.Kind == VolumeSourceKind.Snapshot;
        if (!snapshot && string.Equals(source.Id, id, StringComparison.Ordinal))
            throw new VolumeException(VolumeError.InvalidArgument, $"volume '{id}' cannot be its own source; use another name");
        if (!VolumeId.IsValid(source.Id)) throw snapshot ? VolumeId.NoSnapshot(source.Id) : VolumeId.NotFound(source.Id);
        return Operations.RunAsync(
            "creation",
            [Operations.VolumeKey(id), snapshot ? Operations.SnapshotKey(source.Id) : Operations.VolumeKey(source.Id)],
            async () => (ExistingCopy(id, wish) ?? await CreateCopyAsync(id, wish, source)).ToVolume(),
            cancellationToken);
    }

    /// <summary>The volume that was made for the same wish; its source may be gone since.</summary>
    private StoredVolume? ExistingCopy(string id, VolumeWish wish)
    {
        if (Find(id) is not { Descriptor: var descriptor } existing) return null;
        var shape = new ContentShape(descriptor.BlockSize, descriptor.FileSystem, existing.Encryption.Enabled);
        return Existing(id, wish, VolumeParameters.Parse(wish.Parameters, wish.FileSystem, wish.Block, wish.MutableParameters, shape), _pools);
    }

    private async Task<StoredVolume> CreateCopyAsync(string id, VolumeWish wish, VolumeSource source)
    {
        var content = ContentOf(source);
        var parameters = VolumeParameters.Parse(wish.Parameters, wish.FileSystem, wish.Block, wish.MutableParameters, content.Shape);
        var pool = parameters.Pool.Length > 0 ? Candidates(parameters.Pool)[0] : content.Pool;
        var size = CheckFits(wish, source, content, parameters, InPool(pool, pool.Measure));
        var descriptor = Describe(id, wish, parameters, size) with
        {
            // What a raw block volume holds is not known: a file system, or what is no longer formatted over.
            Format = content.Block ? FormatState.Never : content.Format,
            GrowAtStage = !wish.Block,
        };
        return await InPoolAsync(pool, async () =>
        {
            pool.Volumes.Clean(id);
            using var reservation = pool.Reserve(descriptor.ImageSize + CostToSource(pool, content));
            await pool.Volumes.CopyAsync(descriptor, async image =>
            {
                using var copy = ImageCopy.Open(content.Image, image, _logger, () => Operations.IsClosed);
                await CutAsync([new Cut(content.Volume, pool, copy)], freeze: false, CreationPoints.Copy);
                await FinishAsync(pool, copy, descriptor.ImageSize);
            });
            return new StoredVolume(pool, descriptor);
        });
    }

    private Content ContentOf(VolumeSource source)
    {
        if (source.Kind == VolumeSourceKind.Snapshot)
        {
            var snapshot = RequireSnapshot(source.Id);
            var of = snapshot.Descriptor;
            return new Content(snapshot.Pool, snapshot.Image, of.Size, of.Block, new ContentShape(of.BlockSize, of.FileSystem, EncryptionParameters.Parse(of.VolumeParameters).Enabled), of.Format, Volume: null);
        }

        var volume = Require(source.Id);
        var from = volume.Descriptor;
        return new Content(volume.Pool, volume.Image, from.Size, from.Block, new ContentShape(from.BlockSize, from.FileSystem, volume.Encryption.Enabled), from.Format, volume);
    }

    /// <summary>What a volume that shares its blocks with the new one needs again when it writes them.</summary>
    private static long CostToSource(Pool pool, Content content) =>
        content.Volume is { } volume && volume.Pool == pool && pool.CanShare ? pool.Volumes.CostOfCopy(volume.Id) : 0;

    /// <summary>Refuses a volume that cannot have the bytes of its source.</summary>
    /// <returns>Its size.</returns>
    private static long CheckFits(VolumeWish wish, VolumeSource source, Content content, VolumeParameters parameters, PoolRoom room)
    {
        if (wish.Size.Limit > 0 && wish.Size.Limit < content.Size)
        {
            throw new VolumeException(
                VolumeError.OutOfRange, $"size limit {wish.Size.Limit} is less than {Describe(source)} has, {content.Size} bytes; ask for as much or more");
        }

        if (parameters.BlockSize != content.Shape.BlockSize)
        {
            throw new VolumeException(
                VolumeError.InvalidArgument, $"parameter '{VolumeParameters.BlockSizeKey}' is {parameters.BlockSize}, {Describe(source)} has {content.Shape.BlockSize}; leave it out");
        }

        if (parameters.Encryption.Enabled != content.Shape.Encrypted)
        {
            throw new VolumeException(
                VolumeError.InvalidArgument,
                $"{Describe(source)} is {(content.Shape.Encrypted ? "" : "not ")}encrypted, and a copy is as its source; set parameter '{EncryptionParameters.EnabledKey}' to {(content.Shape.Encrypted ? "true" : "false")}");
        }

        if (!wish.Block && !content.Block && !string.Equals(parameters.FileSystem, content.Shape.FileSystem, StringComparison.Ordinal))
        {
            throw new VolumeException(
                VolumeError.InvalidArgument, $"file system {parameters.FileSystem} is asked for, {Describe(source)} has {content.Shape.FileSystem}; ask for that, or for none");
        }

        // Nothing said, or less: as large as the source.
        var range = wish.Size with { Required = Math.Max(wish.Size.Required, content.Size) };
        return VolumeSizes.Choose(range, VolumeSizes.Minimum(parameters.FileSystem, wish.Block), VolumeSizes.MaximumIn(room, parameters.Encryption));
    }

    private static string Describe(VolumeSource source) => $"{(source.Kind == VolumeSourceKind.Snapshot ? "snapshot" : "volume")} '{source.Id}'";
}

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public async Task<Volume> ExpandAsync(string id, SizeRange size, CancellationToken cancellationToken)
    {
        if (!VolumeId.IsValid(id)) throw VolumeId.NotFound(id);
        VolumeSizes.Check(size);
        var volume = await Operations.RunAsync("expansion", [Operations.VolumeKey(id)], () => ExpandCoreAsync(id, size), cancellationToken);
        return volume.ToVolume();
    }

    private async Task<StoredVolume> ExpandCoreAsync(string id, SizeRange range)
    {
        var volume = Require(id);
        var current = volume.Descriptor.Size;
        if (range.Limit > 0 && range.Limit < current)
            throw new VolumeException(VolumeError.OutOfRange, $"volume '{id}' has {current} bytes, more than the limit of {range.Limit}; volumes do not shrink");
        if (range.Required > current) volume = InPool(volume.Pool, () => Grow(volume, range));

        // Also when the size is right already: a repetition after a crash lets the disk know.
        await _attacher.GrowAsync(volume.ToDisk());
        return volume;
    }

    private static StoredVolume Grow(StoredVolume volume, SizeRange range)
    {
        var room = volume.Pool.Measure();
        var size = VolumeSizes.Choose(range, volume.Descriptor.Size, VolumeSizes.MaximumIn(room, volume.Encryption));
        using var reservation = volume.Pool.Reserve(size - volume.Descriptor.Size);
        var larger = volume.Descriptor with { Size = size };
        volume.Pool.Volumes.GrowImage(volume.Id, larger.ImageSize);
        FaultPoints.Reach(FaultPoints.ExpandImage);
        volume = Replace(volume, larger);
        FaultPoints.Reach(FaultPoints.ExpandDescriptor);
        return volume;
    }
}

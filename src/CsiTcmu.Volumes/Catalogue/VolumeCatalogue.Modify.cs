namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public async Task<Volume> ModifyAsync(string id, IReadOnlyDictionary<string, string> mutableParameters, CancellationToken cancellationToken)
    {
        _ = LimitParameters.Parse(new Dictionary<string, string>(StringComparer.Ordinal), mutableParameters);
        if (!VolumeId.IsValid(id)) throw VolumeId.NotFound(id);
        var volume = await Operations.RunAsync(
            "modification", [Operations.VolumeKey(id)], () => ModifyCoreAsync(id, mutableParameters), cancellationToken);
        return volume.ToVolume();
    }

    private async Task<StoredVolume> ModifyCoreAsync(string id, IReadOnlyDictionary<string, string> mutableParameters)
    {
        var volume = Require(id);
        var before = volume.Descriptor.MutableParameters ?? [];
        var after = LimitParameters.Merge(before, mutableParameters);
        if (after.Count != before.Count || after.Except(before).Any())
        {
            volume = Replace(volume, volume.Descriptor with { MutableParameters = after });
            FaultPoints.Reach(FaultPoints.ModifyDescriptor);
        }

        // Also when nothing has changed: a repetition after a failure lets the disk know.
        await _attacher.SetLimitsAsync(volume.ToDisk());
        FaultPoints.Reach(FaultPoints.ModifyDisk);
        return volume;
    }
}

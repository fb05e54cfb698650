namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken) =>
        Task.Run(() => List(maximum, token), cancellationToken).WaitAsync(cancellationToken);

    private VolumePage List(int maximum, string token)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} volumes cannot be; ask for 0 (all) or more");

        // A token is the last id of the page before, so that it stays good while volumes come and go.
        if (token.Length > 0 && !VolumeId.IsValid(token))
            throw new VolumeException(VolumeError.Aborted, "the page token is none that this driver gave out; begin again without one");
        var volumes = new List<Volume>();
        foreach (var (pool, id) in Ids().Where(entry => VolumeId.IsValid(entry.Id) && string.CompareOrdinal(entry.Id, token) > 0).OrderBy(entry => entry.Id, StringComparer.Ordinal))
        {
            // A volume that is deleted meanwhile, or damaged, is not in the list.
            if (InPool(pool, () => TryRead(pool, id, out _)) is { } volume) volumes.Add(volume.ToVolume());
            if (maximum > 0 && volumes.Count > maximum) break;
        }

        if (maximum == 0 || volumes.Count <= maximum) return new VolumePage(volumes, "");
        volumes.RemoveAt(maximum);
        return new VolumePage(volumes, volumes[^1].Id);
    }
}

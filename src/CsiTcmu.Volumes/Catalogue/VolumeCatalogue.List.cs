namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken) =>
        Task.Run(() => List(maximum, token), cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Ids of all volumes behind one, usable or not, in order. Those of pods alone are nobody else's and are left out.</summary>
    /// <param name="last">The id behind which they begin; empty for all.</param>
    /// <param name="tolerant">True to leave out the volumes of pools that do not answer.</param>
    /// <exception cref="VolumeException">A pool does not answer.</exception>
    internal IReadOnlyList<string> ListIds(string last, bool tolerant)
    {
        var ids = new List<string>();
        foreach (var pool in _pools)
        {
            try
            {
                ids.AddRange(InPool(pool, pool.Volumes.List));
            }
            catch (VolumeException) when (tolerant)
            {
                // The health of the pools tells.
            }
        }

        return [.. ids.Where(id => VolumeId.IsValid(id) && string.CompareOrdinal(id, last) > 0).Order(StringComparer.Ordinal)];
    }

    private VolumePage List(int maximum, string token)
    {
        VolumePages.Check(maximum);
        var last = PageToken.Read(token);
        var volumes = new List<Volume>();
        var behind = Ids().Where(entry => VolumeId.IsValid(entry.Id) && string.CompareOrdinal(entry.Id, last) > 0).OrderBy(entry => entry.Id, StringComparer.Ordinal);
        foreach (var (pool, id) in behind)
        {
            // A volume that is deleted meanwhile, or damaged, is not in the list.
            if (InPool(pool, () => TryRead(pool, id, out _)) is { } volume) volumes.Add(volume.ToVolume());
            if (maximum > 0 && volumes.Count > maximum) break;
        }

        if (maximum == 0 || volumes.Count <= maximum) return new VolumePage(volumes, "");
        volumes.RemoveAt(maximum);
        return new VolumePage(volumes, PageToken.Behind(volumes[^1].Id));
    }
}

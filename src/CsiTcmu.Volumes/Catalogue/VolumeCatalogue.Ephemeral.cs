namespace CsiTcmu.Volumes;

/// <content>
/// Ephemeral volumes live in the pools as others do and are promised their room. Their ids are none that a caller can name, so that no
/// other call finds, lists or deletes them.
/// </content>
public sealed partial class VolumeCatalogue
{
    /// <summary>Makes the volume, or returns the one that was made for the same wish. The caller holds its key.</summary>
    /// <param name="id">Its id here.</param>
    /// <param name="wish">What it shall be.</param>
    internal async Task<StoredVolume> MakeEphemeralAsync(string id, VolumeWish wish)
    {
        var parameters = VolumeParameters.Parse(wish.Parameters, wish.FileSystem, wish.Block);
        var pools = Candidates(parameters.Pool);
        return Existing(id, wish, parameters, pools) ?? await CreateEmptyAsync(id, wish, parameters, pools);
    }

    /// <summary>All that can be used, of the pools that answer.</summary>
    internal IReadOnlyList<StoredVolume> FindEphemeral()
    {
        var found = new List<StoredVolume>();
        foreach (var pool in _pools)
        {
            try
            {
                found.AddRange(InPool(pool, () => pool.Volumes.List().Where(id => !VolumeId.IsValid(id)).Select(id => TryRead(pool, id, out _)).OfType<StoredVolume>().ToList()));
            }
            catch (VolumeException)
            {
                // The health of the pools tells.
            }
        }

        return found;
    }

    /// <summary>Deletes a volume that is not attached. The caller holds its key.</summary>
    internal Task DeleteEphemeralAsync(string id) => DeleteCoreAsync(id);
}

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

    /// <summary>Deletes a volume that is not attached. The caller holds its key.</summary>
    internal Task DeleteEphemeralAsync(string id) => DeleteCoreAsync(id);
}

namespace CsiTcmu.Volumes;

public sealed partial class VolumeCatalogue
{
    /// <inheritdoc/>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => VolumeId.IsValid(id)
        ? Operations.RunAsync("deletion", [Operations.VolumeKey(id)], () => DeleteCoreAsync(id), cancellationToken)
        : Task.CompletedTask;

    private async Task DeleteCoreAsync(string id)
    {
        if (Find(id) is not { } volume)
        {
            foreach (var pool in _pools) InPool(pool, () => pool.Volumes.Clean(id));
            return;
        }

        if (_attacher.Find(id) is { } disk)
            throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{id}' is in use on this node as {disk.Path}; unpublish and unstage it first");

        // A device that is half-made serves nobody.
        await _attacher.DetachAsync(id, volume.ToDisk());
        InPool(volume.Pool, () => volume.Pool.Volumes.Delete(id));
    }
}

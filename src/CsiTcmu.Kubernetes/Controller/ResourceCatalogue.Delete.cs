using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

public sealed partial class ResourceCatalogue
{
    private static readonly object Gone = new();

    /// <inheritdoc/>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => RunAsync(
        "deletion", id,
        async patience =>
        {
            if (await FindAsync(id, patience) is { } resource) await DeleteAsync(resource, patience);
            return Gone;
        },
        cancellationToken);

    private async Task DeleteAsync(TcmuVolume resource, CancellationToken patience)
    {
        var (name, uid) = (resource.Metadata.Name, resource.Metadata.Uid);
        if (!resource.IsLeaving)
        {
            try
            {
                if (!await _client.DeleteAsync(Kinds.Volumes, name, null, new Preconditions { Uid = uid }, patience)) return;
            }
            catch (ApiException other) when (other.IsConflict)
            {
                // The volume that was meant is gone; there is a new one of its name.
                throw new VolumeException(VolumeError.Aborted, $"volume '{name}' has been made anew meanwhile; try again", other);
            }
        }

        // The agent takes its finalizer away when the image is gone; a volume in use it keeps and says so.
        var end = await _volumes.Cache.WaitAsync(
            name,
            current => current is null || current.Metadata.Uid != uid
                ? Gone
                : current.IsLeaving && current.Refusal is { Error: VolumeError.FailedPrecondition } refusal ? refusal : null,
            patience);
        if (end is VolumeException inUse) throw inUse;
    }
}

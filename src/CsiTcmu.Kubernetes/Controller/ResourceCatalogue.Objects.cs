using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>What happens to objects of every kind in the same way.</summary>
public sealed partial class ResourceCatalogue
{
    private static readonly object Gone = new();

    /// <summary>True for a refusal that repetition does not mend.</summary>
    internal static bool IsFinal(VolumeError error) => error is
        VolumeError.InvalidArgument or VolumeError.NotFound or VolumeError.AlreadyExists or VolumeError.Exhausted or VolumeError.OutOfRange;

    private static ObjectMetadata NewMetadata(string name, string node) => new()
    {
        Name = name,
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [NodeResources.NodeLabel] = node },
        Finalizers = [NodeResources.Finalizer],
    };

    /// <summary>The object as the server has it now; null when there is none.</summary>
    private async Task<T?> FindLiveAsync<T>(ResourceKind<T> kind, ResourceCache<T> cache, string name, CancellationToken patience)
        where T : class, INodeResource
    {
        var resource = await _client.FindAsync(kind, name, null, patience);
        if (resource is not null) cache.Put(resource);
        return resource;
    }

    /// <summary>The object as it is known here; when it is not, as the server has it now; null when there is none.</summary>
    private async Task<T?> FindKnownAsync<T>(ResourceKind<T> kind, ResourceCache<T> cache, string name, CancellationToken patience)
        where T : class, INodeResource
    {
        if (!ResourceNames.IsValid(name)) return null;
        await SynchronisedAsync(patience);
        return cache.Find(name) ?? await FindLiveAsync(kind, cache, name, patience);
    }

    /// <summary>Writes a new object; when another one was quicker, finds that.</summary>
    private async Task<T> CreateOrFindAsync<T>(ResourceKind<T> kind, ResourceCache<T> cache, T resource, CancellationToken patience)
        where T : class, INodeResource
    {
        try
        {
            var created = await _client.CreateAsync(kind, resource, patience);
            cache.Put(created);
            return created;
        }
        catch (ApiException taken) when (taken.IsAlreadyExists)
        {
            var name = resource.Metadata.Name;
            return await FindLiveAsync(kind, cache, name, patience)
                ?? throw new VolumeException(VolumeError.Aborted, $"'{name}' came and went meanwhile; try again");
        }
    }

    /// <summary>
    /// Waits until the agent has made what an object stands for. When the agent has refused for good, the object is taken back, so that the
    /// same name can be used anew, and the refusal is the answer.
    /// </summary>
    private async Task<T> AwaitMadeAsync<T>(ResourceKind<T> kind, ResourceCache<T> cache, T resource, CancellationToken patience)
        where T : class, INodeResource
    {
        var (name, uid) = (resource.Metadata.Name, resource.Metadata.Uid);
        var end = await cache.WaitAsync<object>(
            name,
            current =>
            {
                if (current is null || current.Metadata.Uid != uid || current.IsLeaving)
                    return new VolumeException(VolumeError.Aborted, $"'{name}' was deleted while it was being made; try again");
                if (current.IsMade) return current;
                return current.Refusal is { } failure && IsFinal(failure.Error) ? failure : null;
            },
            patience);
        if (end is T made) return made;
        var refusal = (VolumeException)end;
        if (IsFinal(refusal.Error))
        {
            await _client.DeleteAsync(kind, name, null, new Preconditions { Uid = uid }, patience);
            await cache.WaitAsync<object>(name, current => current?.Metadata.Uid == uid ? null : refusal, patience);
        }

        throw refusal;
    }

    /// <summary>Deletes an object and waits until it is gone.</summary>
    /// <exception cref="VolumeException">FailedPrecondition: what it stands for is in use; it goes when that ends.</exception>
    private async Task DeleteAsync<T>(ResourceKind<T> kind, ResourceCache<T> cache, T resource, CancellationToken patience)
        where T : class, INodeResource
    {
        var (name, uid) = (resource.Metadata.Name, resource.Metadata.Uid);
        if (!resource.IsLeaving)
        {
            try
            {
                if (!await _client.DeleteAsync(kind, name, null, new Preconditions { Uid = uid }, patience)) return;
            }
            catch (ApiException other) when (other.IsConflict)
            {
                // What was meant is gone; there is a new object of its name.
                throw new VolumeException(VolumeError.Aborted, $"'{name}' has been made anew meanwhile; try again", other);
            }
        }

        // The agent takes its finalizer away when the image is gone; what is in use it keeps and says so.
        var end = await cache.WaitAsync(
            name,
            current => current is null || current.Metadata.Uid != uid
                ? Gone
                : current.IsLeaving && current.Refusal is { Error: VolumeError.FailedPrecondition } refusal ? refusal : null,
            patience);
        if (end is VolumeException inUse) throw inUse;
    }
}

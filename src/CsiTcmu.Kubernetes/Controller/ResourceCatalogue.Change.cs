using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Controller;

public sealed partial class ResourceCatalogue
{
    /// <inheritdoc/>
    public Task<Volume> ExpandAsync(string id, SizeRange size, CancellationToken cancellationToken) => RunAsync(
        "expansion", id,
        async patience =>
        {
            var resource = await ChangeAsync(id, current => Grow(current, size), patience);
            var end = await AwaitAsync(resource, current => current.Status!.Size?.Bytes >= size.Required, patience);
            if (end is TcmuVolume grown) return ToVolume(grown);

            // What cannot be had is not asked for any longer; otherwise it would be tried for ever.
            var refusal = (VolumeException)end;
            if (IsFinal(refusal.Error)) await ChangeAsync(id, TakeBackGrowth, patience);
            throw refusal;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<Volume> ModifyAsync(string id, IReadOnlyDictionary<string, string> mutableParameters, CancellationToken cancellationToken)
    {
        VolumeRules.CheckMutable(mutableParameters);
        return RunAsync(
            "modification", id,
            async patience =>
            {
                var resource = await ChangeAsync(id, current => Modify(current, mutableParameters), patience);
                var end = await AwaitAsync(
                    resource,
                    current => mutableParameters.All(entry =>
                        current.Status!.MutableParameters?.TryGetValue(entry.Key, out var value) == true && value == entry.Value),
                    patience);
                return end is TcmuVolume modified ? ToVolume(modified) : throw (VolumeException)end;
            },
            cancellationToken);
    }

    private static JsonObject? Grow(TcmuVolume current, SizeRange range)
    {
        var size = current.Status!.Size?.Bytes ?? current.Spec.Size.Bytes;
        if (range.Limit > 0 && range.Limit < size)
        {
            throw new VolumeException(
                VolumeError.OutOfRange, $"volume '{current.Metadata.Name}' has {size} bytes, more than the limit of {range.Limit}; volumes do not shrink");
        }

        var chosen = VolumeRules.ChooseSize(range, size);
        return range.Required > 0 && chosen > current.Spec.Size.Bytes ? new JsonObject { ["size"] = new Quantity(chosen).ToString() } : null;
    }

    private static JsonObject? TakeBackGrowth(TcmuVolume current) =>
        current.Status?.Size is { } size && size.Bytes < current.Spec.Size.Bytes ? new JsonObject { ["size"] = size.ToString() } : null;

    private static JsonObject? Modify(TcmuVolume current, IReadOnlyDictionary<string, string> mutableParameters)
    {
        var before = current.Spec.MutableParameters ?? [];
        var after = VolumeRules.Merge(before, mutableParameters);
        if (Same(before, after)) return null;
        var values = new JsonObject();
        foreach (var (key, value) in after) values[key] = value;
        return new JsonObject { ["mutableParameters"] = values };
    }

    /// <summary>Changes the specification of the very version that was looked at; looks again when it has changed meanwhile.</summary>
    private async Task<TcmuVolume> ChangeAsync(string id, Func<TcmuVolume, JsonObject?> change, CancellationToken patience)
    {
        for (var attempt = 0; ; attempt++)
        {
            var current = await RequireMadeAsync(id, patience, live: attempt > 0);
            if (change(current) is not { } spec) return current;
            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject { ["uid"] = current.Metadata.Uid, ["resourceVersion"] = current.Metadata.ResourceVersion },
                ["spec"] = spec,
            };
            try
            {
                var changed = await _client.PatchAsync(Kinds.Volumes, id, null, patch, patience);
                _volumes.Cache.Put(changed);
                return changed;
            }
            catch (ApiException conflict) when (conflict.IsConflict && attempt < MostConflicts)
            {
                // The agent has written its status meanwhile.
            }
            catch (ApiException gone) when (gone.IsNotFound)
            {
                throw NotFound(id);
            }
        }
    }

    /// <summary>Waits until the agent has dealt with the specification as it is.</summary>
    /// <returns>The resource, or the agent's refusal.</returns>
    private Task<object> AwaitAsync(TcmuVolume resource, Func<TcmuVolume, bool> done, CancellationToken patience)
    {
        var (name, uid) = (resource.Metadata.Name, resource.Metadata.Uid);
        return _volumes.Cache.WaitAsync<object>(
            name,
            current =>
            {
                if (current is null || current.Metadata.Uid != uid || current.IsLeaving) return new VolumeException(VolumeError.Aborted, $"volume '{name}' is being deleted");
                if (current.Refusal is { } failure) return IsFinal(failure.Error) ? failure : null;
                return current.IsCurrent && done(current) ? current : null;
            },
            patience);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>
/// Makes a volume of this node what its resource says. Each step can be repeated, so a volume that was left half-way is simply looked at
/// again. An image that has been made once is never made again: when it is missing, that is a failure for people to see.
/// </summary>
internal sealed class VolumeReconciler(
    ApiClient client,
    IVolumeCatalogue catalogue,
    ResourceCache<TcmuVolume> resources,
    NodeReporter reporter,
    EventRecorder events,
    NodeAgentOptions options,
    ILogger logger)
{
    /// <summary>Deals with one resource.</summary>
    /// <returns>False when it shall be looked at again soon.</returns>
    public async Task<bool> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        if (resources.Find(name) is not { } resource || resource.Spec.Node != options.Node) return true;
        try
        {
            if (resource.IsLeaving) return await RemoveAsync(resource, cancellationToken);
            if (resource.Metadata.Finalizers?.Contains(TcmuVolume.Finalizer) != true) resource = await HoldAsync(resource, cancellationToken);
            return await ConvergeAsync(resource, cancellationToken);
        }
        catch (ApiException stale) when (stale.IsConflict || stale.IsNotFound)
        {
            // The resource has changed, or gone, since it was looked at; the watch tells how.
            logger.LogDebug("{Name} has changed meanwhile: {Reason}", name, stale.Message);
            return false;
        }
    }

    private async Task<bool> ConvergeAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        try
        {
            var volume = resource.IsMade ? await ExistingAsync(resource, cancellationToken) : await catalogue.CreateAsync(Wish(resource), cancellationToken);
            if (volume.Size < resource.Spec.Size.Bytes)
                volume = await catalogue.ExpandAsync(resource.Metadata.Name, new SizeRange(resource.Spec.Size.Bytes, 0), cancellationToken);
            var wanted = resource.Spec.MutableParameters ?? [];
            if (wanted.Any(entry => !volume.MutableParameters.TryGetValue(entry.Key, out var value) || value != entry.Value))
                volume = await catalogue.ModifyAsync(resource.Metadata.Name, wanted, cancellationToken);

            var status = Describe(resource, volume);
            if (!resource.IsMade || resource.Status!.Size != status.Size)
            {
                // The room that is left is known before the volume is: nobody counts it twice, or not at all.
                await reporter.ReportAsync(cancellationToken);
            }

            await WriteAsync(resource, status, cancellationToken);
            if (!resource.IsMade)
                await events.TellAsync(resource, "Made", $"made image of {status.Size} in pool '{volume.Pool}'", cancellationToken);
            return true;
        }
        catch (VolumeException busy) when (busy.Error == VolumeError.Aborted)
        {
            // Another operation on the volume is under way, a staging perhaps: nothing is wrong.
            return false;
        }
        catch (VolumeException failure)
        {
            await WriteFailureAsync(resource, failure, cancellationToken);
            return ResourceCatalogue.IsFinal(failure.Error);
        }
    }

    private async Task<bool> RemoveAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        if (resource.Metadata.Finalizers?.Contains(TcmuVolume.Finalizer) != true) return true;
        try
        {
            await catalogue.DeleteAsync(resource.Metadata.Name, cancellationToken);
        }
        catch (VolumeException failure)
        {
            await WriteFailureAsync(resource, failure, cancellationToken);
            return false;
        }

        await reporter.ReportAsync(cancellationToken);
        await PatchFinalizersAsync(resource, [.. resource.Metadata.Finalizers.Where(entry => entry != TcmuVolume.Finalizer)], cancellationToken);
        return true;
    }

    /// <summary>Sees that the resource does not go before the image does, also when somebody else than the controller made it.</summary>
    private Task<TcmuVolume> HoldAsync(TcmuVolume resource, CancellationToken cancellationToken) =>
        PatchFinalizersAsync(resource, [.. resource.Metadata.Finalizers ?? [], TcmuVolume.Finalizer], cancellationToken);

    private Task<TcmuVolume> PatchFinalizersAsync(TcmuVolume resource, IReadOnlyList<string> finalizers, CancellationToken cancellationToken)
    {
        var list = new JsonArray();
        foreach (var finalizer in finalizers) list.Add((JsonNode)finalizer);
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = resource.Metadata.ResourceVersion, ["finalizers"] = list },
        };
        return client.PatchAsync(Kinds.Volumes, resource.Metadata.Name, null, patch, cancellationToken);
    }

    private async Task<Volume> ExistingAsync(TcmuVolume resource, CancellationToken cancellationToken)
    {
        try
        {
            var volume = await catalogue.GetAsync(resource.Metadata.Name, cancellationToken);
            return volume.Wwid == resource.Status!.Wwid
                ? volume
                : throw new VolumeException(
                    VolumeError.FailedPrecondition,
                    $"the image of this name in pool '{volume.Pool}' is another volume's ({volume.Wwid}, not {resource.Status.Wwid}); restore the right one");
        }
        catch (VolumeException absent) when (absent.Error == VolumeError.NotFound)
        {
            throw new VolumeException(
                VolumeError.FailedPrecondition,
                $"the image is missing in pool '{resource.Spec.Pool}' of node '{options.Node}'; it is not made anew: restore it, or delete the volume", absent);
        }
    }

    private static VolumeWish Wish(TcmuVolume resource)
    {
        var parameters = new Dictionary<string, string>(resource.Spec.Parameters ?? [], StringComparer.Ordinal) { ["pool"] = resource.Spec.Pool };
        return new VolumeWish
        {
            Name = resource.Metadata.Name,
            Size = new SizeRange(resource.Spec.Size.Bytes, 0),
            Parameters = parameters,
            MutableParameters = resource.Spec.MutableParameters ?? [],
            Block = resource.Spec.IsBlock,
            FileSystem = resource.Spec.FileSystem ?? "",
        };
    }

    private TcmuVolumeStatus Describe(TcmuVolume resource, Volume volume) => new()
    {
        Phase = "Ready",
        Size = new Quantity(volume.Size),
        BlockSize = volume.BlockSize,
        FileSystem = volume.FileSystem,
        Wwid = volume.Wwid,
        MutableParameters = volume.MutableParameters.Count == 0 ? null : new Dictionary<string, string>(volume.MutableParameters, StringComparer.Ordinal),
        MadeTime = resource.Status?.MadeTime ?? options.Time.GetUtcNow(),
        ObservedGeneration = resource.Metadata.Generation,
        Conditions = [Ready(resource, holds: true, "Made", "")],
    };

    private async Task WriteFailureAsync(TcmuVolume resource, VolumeException failure, CancellationToken cancellationToken)
    {
        var phase = resource.IsLeaving ? "Deleting" : ResourceCatalogue.IsFinal(failure.Error) || resource.IsMade ? "Failed" : "Pending";
        var error = ResourceError.Of(failure);
        var status = (resource.Status ?? new TcmuVolumeStatus()) with
        {
            Phase = phase,
            Error = error,
            ObservedGeneration = resource.Metadata.Generation,
            Conditions = [Ready(resource, holds: false, failure.Error.ToString(), failure.Message)],
        };
        if (resource.Status?.Error != error)
        {
            logger.LogWarning("Volume {Name}: {Code}: {Reason}", resource.Metadata.Name, error.Code, error.Message);
            await events.WarnAsync(resource, error.Code, error.Message, cancellationToken);
        }

        await WriteAsync(resource, status, cancellationToken);
    }

    private Condition Ready(TcmuVolume resource, bool holds, string reason, string message) => Condition.Now(
        resource.Status?.Conditions, "Ready", holds, reason, message, options.Time.GetUtcNow(), resource.Metadata.Generation);

    /// <summary>Writes the status, if it says anything new.</summary>
    private async Task WriteAsync(TcmuVolume resource, TcmuVolumeStatus status, CancellationToken cancellationToken)
    {
        if (resource.Status is not null && Text(resource.Status) == Text(status)) return;
        var written = await client.ApplyStatusAsync(
            Kinds.Volumes,
            new TcmuVolume
            {
                Metadata = new ObjectMetadata { Name = resource.Metadata.Name, Uid = resource.Metadata.Uid },
                Spec = null!,
                Status = status,
            },
            NodeAgent.FieldManager, cancellationToken);
        resources.Put(written);
    }

    private static string Text(TcmuVolumeStatus status) => JsonSerializer.Serialize(status, ResourceJson.Default.TcmuVolumeStatus);
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>
/// Makes what an object of this node stands for, and writes down what came of it. Each step can be repeated, so an object that was left
/// half-way is simply looked at again. What has been made once is never made again: when it is missing, that is a failure for people to see.
/// </summary>
/// <param name="tools">What all reconcilers of the agent share.</param>
/// <param name="kind">The kind of the objects, and how their status is applied.</param>
/// <param name="status">JSON of their status.</param>
/// <param name="resources">The objects of this node.</param>
/// <typeparam name="T">Type of the objects.</typeparam>
/// <typeparam name="TStatus">Type of their status.</typeparam>
internal abstract class NodeReconciler<T, TStatus>(
    AgentTools tools, StatusKind<T, TStatus> kind, JsonTypeInfo<TStatus> status, ResourceCache<T> resources)
    where T : class, INodeResource
    where TStatus : ResourceStatus, new()
{
    /// <summary>What all reconcilers of the agent share.</summary>
    protected AgentTools Tools { get; } = tools;

    /// <summary>Deals with one object.</summary>
    /// <returns>False when it shall be looked at again soon.</returns>
    public async Task<bool> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        if (resources.Find(name) is not { } resource || resource.Node != Tools.Options.Node) return true;
        try
        {
            if (resource.IsLeaving) return !resource.IsHeld || await RemoveAsync(resource, cancellationToken);

            // The object does not go before the image does, also when somebody else than the controller made it.
            if (!resource.IsHeld)
            {
                resource = await Tools.Client.SetFinalizersAsync(
                    kind.Of, resource, [.. resource.Metadata.Finalizers ?? [], NodeResources.Finalizer], cancellationToken);
            }

            return await ConvergeAsync(resource, cancellationToken);
        }
        catch (ApiException stale) when (stale.IsConflict || stale.IsNotFound)
        {
            // The object has changed, or gone, since it was looked at; the watch tells how.
            Tools.Logger.LogDebug("{Name} has changed meanwhile: {Reason}", name, stale.Message);
            return false;
        }
        catch (VolumeException busy) when (busy.Error == VolumeError.Aborted)
        {
            // Another operation is under way, a staging or an unstaging perhaps: nothing is wrong, and nobody is told.
            Tools.Logger.LogDebug("{Kind} {Name} is looked at again: {Reason}", kind.Name, name, busy.Message);
            return false;
        }
    }

    /// <summary>Makes the node's part of an object what the object says.</summary>
    /// <returns>The status but for <see cref="ResourceStatus"/>'s own fields.</returns>
    /// <exception cref="VolumeException">It cannot be so, or not now.</exception>
    protected abstract Task<TStatus> FulfilAsync(T resource, CancellationToken cancellationToken);

    /// <summary>Removes the node's part of an object.</summary>
    /// <exception cref="VolumeException">It cannot be removed now.</exception>
    protected abstract Task DeleteAsync(T resource, CancellationToken cancellationToken);

    /// <summary>True when less room is left in the pools than before this status was true.</summary>
    protected abstract bool TakesRoom(T resource, TStatus now);

    /// <summary>What is said when it was made.</summary>
    protected abstract string DescribeMade(T resource, TStatus now);

    /// <summary>Adds what is to be told whether the object could be fulfilled or not.</summary>
    protected virtual TStatus Complete(T resource, TStatus now) => now;

    /// <summary>The object of a user that is told of failures too; null for none.</summary>
    protected virtual ObjectReference? User(T resource) => null;

    private async Task<bool> ConvergeAsync(T resource, CancellationToken cancellationToken)
    {
        try
        {
            var now = Complete(resource, await FulfilAsync(resource, cancellationToken) with
            {
                Phase = "Ready",
                ObservedGeneration = resource.Metadata.Generation,
                Conditions = [Ready(resource, holds: true, "Made", "")],
            });
            if (TakesRoom(resource, now))
            {
                // The room that is left is known before the object is ready: nobody counts it twice, or not at all.
                await Tools.Reporter.ReportAsync(cancellationToken);
            }

            await WriteAsync(resource, now, cancellationToken);
            if (!resource.IsMade) await Tools.Events.TellAsync(resource, "Made", DescribeMade(resource, now), cancellationToken);
            else if (resource.Status?.Error is not null) await TellAllAsync(resource, "Mended", "what was wrong is so no longer", cancellationToken);
            return true;
        }
        catch (VolumeException failure) when (failure.Error != VolumeError.Aborted)
        {
            await WriteFailureAsync(resource, failure, cancellationToken);
            return ResourceCatalogue.IsFinal(failure.Error);
        }
    }

    private async Task<bool> RemoveAsync(T resource, CancellationToken cancellationToken)
    {
        try
        {
            await DeleteAsync(resource, cancellationToken);
        }
        catch (VolumeException failure) when (failure.Error != VolumeError.Aborted)
        {
            await WriteFailureAsync(resource, failure, cancellationToken);
            return false;
        }

        await Tools.Reporter.ReportAsync(cancellationToken);
        await Tools.Client.SetFinalizersAsync(
            kind.Of, resource, [.. resource.Metadata.Finalizers!.Where(entry => entry != NodeResources.Finalizer)], cancellationToken);
        return true;
    }

    private async Task WriteFailureAsync(T resource, VolumeException failure, CancellationToken cancellationToken)
    {
        var error = ResourceError.Of(failure);
        var now = Complete(resource, ((TStatus?)resource.Status ?? new TStatus()) with
        {
            Phase = resource.IsLeaving ? "Deleting" : ResourceCatalogue.IsFinal(failure.Error) || resource.IsMade ? "Failed" : "Pending",
            Error = error,
            ObservedGeneration = resource.Metadata.Generation,
            Conditions = [Ready(resource, holds: false, failure.Error.ToString(), failure.Message)],
        });
        if (resource.Status?.Error != error)
        {
            Tools.Logger.LogWarning("{Kind} {Name}: {Code}: {Reason}", kind.Name, resource.Metadata.Name, error.Code, error.Message);
            await Tools.Events.WarnAsync(resource, error.Code, error.Message, cancellationToken);

            // Of a creation that fails the sidecars tell the user themselves.
            if (resource.IsMade && User(resource) is { } user)
                await Tools.Events.WarnAsync(user, error.Code, $"{kind.Name} {resource.Metadata.Name}: {error.Message}", cancellationToken);
        }

        await WriteAsync(resource, now, cancellationToken);
    }

    private async Task TellAllAsync(T resource, string reason, string message, CancellationToken cancellationToken)
    {
        await Tools.Events.TellAsync(resource, reason, message, cancellationToken);
        if (User(resource) is { } user)
            await Tools.Events.TellAsync(user, reason, $"{kind.Name} {resource.Metadata.Name}: {message}", cancellationToken);
    }

    private Condition Ready(T resource, bool holds, string reason, string message) => Condition.Now(
        resource.Status?.Conditions, "Ready", holds, reason, message, Tools.Options.Time.GetUtcNow(), resource.Metadata.Generation);

    /// <summary>Writes the status, if it says anything new.</summary>
    private async Task WriteAsync(T resource, TStatus now, CancellationToken cancellationToken)
    {
        if (resource.Status is TStatus before && Text(before) == Text(now)) return;
        resources.Put(await Tools.Client.ApplyStatusAsync(
            kind, resource.Metadata.Name, resource.Metadata.ResourceVersion, now, NodeAgent.FieldManager, cancellationToken));
    }

    private string Text(TStatus value) => JsonSerializer.Serialize(value, status);
}

/// <summary>What all reconcilers of an agent share.</summary>
/// <param name="Client">The API server.</param>
/// <param name="Reporter">Reports the node.</param>
/// <param name="Events">Tells people.</param>
/// <param name="Options">What the agent runs with.</param>
/// <param name="Logger">Receives what is worth telling.</param>
internal sealed record AgentTools(ApiClient Client, NodeReporter Reporter, EventRecorder Events, NodeAgentOptions Options, ILogger Logger);

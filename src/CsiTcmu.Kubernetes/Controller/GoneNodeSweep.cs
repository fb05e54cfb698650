using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// Finds what is on nodes that are gone: not in the cluster any more, and their agent silent. That is told at the object and its claim. What
/// is to be deleted there would wait for ever for its agent; it is let go when the node has been gone for the age that is set. The data is
/// where the node's disks are: a node that comes back reports the image as one without a resource, and keeps it.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="objects">The objects.</param>
/// <param name="heartbeats">Which agents are alive.</param>
/// <param name="events">Tells people.</param>
/// <param name="options">When what is done.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class GoneNodeSweep(
    ApiClient client, NodeObjects objects, Heartbeats heartbeats, EventRecorder events, SweepOptions options, TimeProvider time, ILogger logger)
    : Sweep(client, events, options, time, logger)
{
    /// <summary>Since when the node is gone.</summary>
    public const string GoneSince = Kinds.Group + "/node-gone-since";

    private readonly ILogger _logger = logger;
    private readonly Dictionary<string, bool> _gone = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        _gone.Clear();
        await LookAsync(Kinds.Volumes, objects.Volumes, volume => volume.Claim, cancellationToken);
        await LookAsync(Kinds.Snapshots, objects.Snapshots, _ => null, cancellationToken);
        await LookAsync(Kinds.Groups, objects.Groups, _ => null, cancellationToken);
        foreach (var node in objects.Nodes.All) await TryAsync(node, () => ForgetAsync(node, cancellationToken));
    }

    private async Task LookAsync<T>(ResourceKind<T> kind, ResourceCache<T> cache, Func<T, ObjectReference?> user, CancellationToken cancellationToken)
        where T : class, INodeResource
    {
        foreach (var resource in cache.All)
        {
            if (await IsGoneAsync(resource.Node, cancellationToken)) await TryAsync(resource, () => LookAtGoneAsync(kind, resource, user(resource), cancellationToken));
            else if (Since(resource, GoneSince) is not null) await TryAsync(resource, () => WelcomeAsync(kind, resource, user(resource), cancellationToken));
        }
    }

    private async Task LookAtGoneAsync<T>(ResourceKind<T> kind, T resource, ObjectReference? user, CancellationToken cancellationToken)
        where T : class, INodeResource
    {
        if (Since(resource, GoneSince) is not { } since)
        {
            await MarkAsync(kind, resource, GoneSince, holds: true, cancellationToken);
            var outlook = Options.GoneNodeAge is { } pause ? $"; what is deleted is let go after {pause:c}" : "";
            await WarnAsync(
                resource, user, "NodeGone",
                $"node '{resource.Node}' is not in the cluster any more, and the data is on its disks: bring it back, or delete this to give the data up{outlook}", cancellationToken);
            return;
        }

        if (!resource.IsLeaving || !resource.IsHeld || Options.GoneNodeAge is not { } age || !IsOlder(since, age)) return;
        await WarnAsync(
            resource, user, "Released",
            $"deleted without node '{resource.Node}', which is gone since {since.UtcDateTime:u}; if its disks come back, the image is still on them", cancellationToken);
        await Client.SetFinalizersAsync(
            kind, resource, [.. resource.Metadata.Finalizers!.Where(entry => entry != NodeResources.Finalizer)], cancellationToken);
    }

    private async Task WelcomeAsync<T>(ResourceKind<T> kind, T resource, ObjectReference? user, CancellationToken cancellationToken)
        where T : class, INodeResource
    {
        await MarkAsync(kind, resource, GoneSince, holds: false, cancellationToken);
        await TellAsync(resource, user, "NodeBack", $"node '{resource.Node}' is there again", cancellationToken);
    }

    /// <summary>Removes the report of a node that is gone and has nothing any more.</summary>
    private async Task ForgetAsync(TcmuNode node, CancellationToken cancellationToken)
    {
        var name = node.Metadata.Name;
        if (objects.Any(name) || !await IsGoneAsync(name, cancellationToken)) return;
        var preconditions = new Preconditions { Uid = node.Metadata.Uid, ResourceVersion = node.Metadata.ResourceVersion };
        if (await Client.DeleteAsync(Kinds.TcmuNodes, name, null, preconditions, cancellationToken))
            _logger.LogInformation("Node {Node} is gone and has nothing any more; its TcmuNode is removed", name);
    }

    private async Task<bool> IsGoneAsync(string node, CancellationToken cancellationToken)
    {
        if (heartbeats.IsAlive(node)) return false;
        if (_gone.TryGetValue(node, out var known)) return known;
        return _gone[node] = await Client.FindAsync(Kinds.Nodes, node, null, cancellationToken) is null;
    }
}

/// <summary>What the controller knows of nodes and what is on them.</summary>
/// <param name="Volumes">Volumes.</param>
/// <param name="Snapshots">Snapshots.</param>
/// <param name="Groups">Groups of snapshots.</param>
/// <param name="Nodes">Nodes that run, or ran, the driver.</param>
internal sealed record NodeObjects(
    ResourceCache<TcmuVolume> Volumes, ResourceCache<TcmuSnapshot> Snapshots, ResourceCache<TcmuSnapshotGroup> Groups, ResourceCache<TcmuNode> Nodes)
{
    /// <summary>True when anything is, or shall be, on that node.</summary>
    public bool Any(string node) =>
        Volumes.All.Any(volume => volume.Spec.Node == node)
        || Snapshots.All.Any(snapshot => snapshot.Spec.Node == node)
        || Groups.All.Any(group => group.Spec.Node == node);
}

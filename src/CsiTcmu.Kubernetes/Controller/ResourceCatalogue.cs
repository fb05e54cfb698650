using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// The volumes of a cluster, each a TcmuVolume whose node's agent does the work. What is asked for is written there once and waited for on
/// one watch; a caller whose patience ends is answered ABORTED, and its repetition goes on waiting for the same. Two of these may run at
/// once: a name that both want is made by one of them, and the other finds it.
/// </summary>
public sealed partial class ResourceCatalogue : IPlacedVolumes, IDisposable
{
    private const int MostConflicts = 5;

    private readonly ApiClient _client;
    private readonly Reflector<TcmuVolume> _volumes;
    private readonly Reflector<TcmuNode> _nodes;
    private readonly Heartbeats _heartbeats;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _placing = new(1);

    /// <summary>The volumes of that cluster.</summary>
    /// <param name="client">Its API server.</param>
    /// <param name="options">How long is waited.</param>
    /// <param name="logger">Receives what is worth telling.</param>
    public ResourceCatalogue(ApiClient client, ResourceCatalogueOptions options, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _client = client;
        _patience = options.Patience;
        _heartbeats = new Heartbeats(options.HeartbeatPatience, options.Time);
        _volumes = new Reflector<TcmuVolume>(client, Kinds.Volumes, null, logger);
        _nodes = new Reflector<TcmuNode>(client, Kinds.TcmuNodes, null, logger);
        _nodes.Cache.Subscribe(name => _heartbeats.Notice(name, _nodes.Cache.Find(name)));
    }

    /// <summary>True once the resources are known.</summary>
    public bool Ready => _volumes.Cache.Synchronised.IsCompleted && _nodes.Cache.Synchronised.IsCompleted;

    /// <summary>Watches the resources until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_volumes.RunAsync(cancellationToken), _nodes.RunAsync(cancellationToken));

    /// <inheritdoc/>
    public Task<Volume> GetAsync(string id, CancellationToken cancellationToken) => RunAsync(
        "look-up", id, async patience => ToVolume(await RequireMadeAsync(id, patience)), cancellationToken);

    /// <inheritdoc/>
    public Task<Room> GetRoomAsync(
        IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken) =>
        GetRoomAsync(null, parameters, fileSystem, block, cancellationToken);

    /// <inheritdoc/>
    public Task<Room> GetRoomAsync(
        string? node, IReadOnlyDictionary<string, string> parameters, string fileSystem, bool block, CancellationToken cancellationToken)
    {
        var terms = VolumeRules.Check(new VolumeWish { Name = "capacity", Parameters = parameters, FileSystem = fileSystem, Block = block });
        return RunAsync(
            "capacity", node ?? "the cluster",
            async patience =>
            {
                await SynchronisedAsync(patience);
                var spaces = Spaces().Where(space => (node is null || space.Node == node) && (terms.Pool.Length == 0 || space.Pool == terms.Pool)).ToList();
                return new Room(spaces.Sum(space => space.Available), spaces.Select(space => space.Largest).DefaultIfEmpty().Max(), terms.MinimumSize);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} volumes cannot be; ask for 0 (all) or more");

        // A token is the last id of the page before, so that it stays good while volumes come and go.
        if (token.Length > 0 && !ResourceNames.IsValid(token))
            throw new VolumeException(VolumeError.Aborted, "the page token is none that this driver gave out; begin again without one");
        return RunAsync(
            "list", "the cluster",
            async patience =>
            {
                await SynchronisedAsync(patience);
                var made = _volumes.Cache.All
                    .Where(volume => volume.IsMade && string.CompareOrdinal(volume.Metadata.Name, token) > 0)
                    .OrderBy(volume => volume.Metadata.Name, StringComparer.Ordinal);
                List<Volume> page = [.. (maximum > 0 ? made.Take(maximum + 1) : made).Select(ToVolume)];
                if (maximum == 0 || page.Count <= maximum) return new VolumePage(page, "");
                page.RemoveAt(maximum);
                return new VolumePage(page, page[^1].Id);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _placing.Dispose();

    private static Volume ToVolume(TcmuVolume resource) => new()
    {
        Id = resource.Metadata.Name,
        Name = resource.Spec.CsiName ?? resource.Metadata.Name,
        Node = resource.Spec.Node,
        Pool = resource.Spec.Pool,
        Size = resource.Status!.Size?.Bytes ?? resource.Spec.Size.Bytes,
        BlockSize = resource.Status.BlockSize ?? 0,
        Block = resource.Spec.IsBlock,
        FileSystem = resource.Status.FileSystem ?? "",
        Parameters = resource.Spec.Parameters ?? [],
        MutableParameters = resource.Spec.MutableParameters ?? [],
        Wwid = resource.Status.Wwid ?? "",
    };

    private static VolumeException NotFound(string id) => new(
        VolumeError.NotFound,
        ResourceNames.IsValid(id) ? $"there is no volume '{id}' in this cluster" : "there is no such volume; its id is none that this driver gives out");

    private IReadOnlyList<PoolSpace> Spaces() => Placement.Measure(
        _nodes.Cache.All.Where(node => node.Status?.IsReady == true && _heartbeats.IsAlive(node.Metadata.Name)), _volumes.Cache.All);

    private Task SynchronisedAsync(CancellationToken patience) =>
        Task.WhenAll(_volumes.Cache.Synchronised, _nodes.Cache.Synchronised).WaitAsync(patience);

    /// <summary>The resource as it is known here; when it is not, as the server has it now; null when there is none.</summary>
    private async Task<TcmuVolume?> FindAsync(string id, CancellationToken patience)
    {
        if (!ResourceNames.IsValid(id)) return null;
        await SynchronisedAsync(patience);
        return _volumes.Cache.Find(id) ?? await FindLiveAsync(id, patience);
    }

    private async Task<TcmuVolume?> FindLiveAsync(string id, CancellationToken patience)
    {
        var resource = await _client.FindAsync(Kinds.Volumes, id, null, patience);
        if (resource is not null) _volumes.Cache.Put(resource);
        return resource;
    }

    /// <summary>The resource of a volume that has been made and is not being deleted.</summary>
    private async Task<TcmuVolume> RequireMadeAsync(string id, CancellationToken patience, bool live = false)
    {
        var resource = (live && ResourceNames.IsValid(id) ? await FindLiveAsync(id, patience) : await FindAsync(id, patience)) ?? throw NotFound(id);
        if (resource.IsLeaving) throw new VolumeException(VolumeError.Aborted, $"volume '{id}' is being deleted");
        return resource.IsMade ? resource : throw new VolumeException(VolumeError.Aborted, $"volume '{id}' is being made; try again when it has been");
    }

    /// <summary>Runs an operation within the caller's patience and ours, and gives every failure its kind.</summary>
    private async Task<T> RunAsync<T>(string name, string id, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        try
        {
            return await work(patience.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new VolumeException(VolumeError.Aborted, $"{name} of {id} goes on{Waiting(id)}; ask again for its result");
        }
        catch (ApiException failure)
        {
            // What was asked for may have been written: the caller shall ask again.
            throw new VolumeException(VolumeError.Unavailable, $"{name} of {id} stopped: {failure.Message}", failure);
        }
    }

    /// <summary>What an operation waits for, as far as that is known.</summary>
    private string Waiting(string id)
    {
        if (_volumes.Cache.Find(id) is not { } resource) return "";
        var node = resource.Spec.Node;
        if (!_heartbeats.IsAlive(node)) return $" and waits for node '{node}', whose agent is silent (kubectl get tcmunode {node})";
        return resource.Status?.Error is { } error ? $" on node '{node}': {error.Message}" : $" on node '{node}'";
    }
}

/// <summary>How long a <see cref="ResourceCatalogue"/> waits.</summary>
public sealed record ResourceCatalogueOptions
{
    /// <summary>Longest wait for an agent; less than the sidecars' time-out, so that they read the answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>How long an agent may be silent before nothing new is placed on its node.</summary>
    public TimeSpan HeartbeatPatience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

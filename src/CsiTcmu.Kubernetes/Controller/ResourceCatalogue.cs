using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Metrics;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// The volumes and snapshots of a cluster, each a resource whose node's agent does the work. What is asked for is written there once and waited for on
/// one watch; a caller whose patience ends is answered ABORTED, and its repetition goes on waiting for the same. Two of these may run at
/// once: a name that both want is made by one of them, and the other finds it.
/// </summary>
public sealed partial class ResourceCatalogue : IPlacedVolumes, ISnapshotCatalogue, ISnapshotPlaces, IVolumeHealth, IDisposable
{
    private const int MostConflicts = 5;

    private readonly ApiClient _client;
    private readonly Reflector<TcmuVolume> _volumes;
    private readonly Reflector<TcmuSnapshot> _snapshots;
    private readonly Reflector<TcmuSnapshotGroup> _groups;
    private readonly Reflector<TcmuNode> _nodes;
    private readonly Heartbeats _heartbeats;
    private readonly Sweeps _sweeps;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _placing = new(1);

    /// <summary>The volumes of that cluster.</summary>
    /// <param name="client">Its API server.</param>
    /// <param name="options">What it runs with.</param>
    /// <param name="logger">Receives what is worth telling.</param>
    public ResourceCatalogue(ApiClient client, ResourceCatalogueOptions options, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _client = client;
        _patience = options.Patience;
        _heartbeats = new Heartbeats(options.HeartbeatPatience, options.Time);
        _volumes = new Reflector<TcmuVolume>(client, Kinds.Volumes, null, logger);
        _snapshots = new Reflector<TcmuSnapshot>(client, Kinds.Snapshots, null, logger);
        _groups = new Reflector<TcmuSnapshotGroup>(client, Kinds.Groups, null, logger);
        _nodes = new Reflector<TcmuNode>(client, Kinds.TcmuNodes, null, logger);
        _nodes.Cache.Subscribe(name => _heartbeats.Notice(name, _nodes.Cache.Find(name)));
        var events = new EventRecorder(client, "csi-tcmu-controller", null, logger, options.Time);
        var orphans = new OrphanSweep(client, _volumes.Cache, options.DriverName, events, options.Sweeps, options.Time, logger);
        var objects = new NodeObjects(_volumes.Cache, _snapshots.Cache, _groups.Cache, _nodes.Cache);
        Metrics = new ClusterMetrics(objects, _heartbeats, orphans);
        var gone = new GoneNodeSweep(client, objects, _heartbeats, events, options.Sweeps, options.Time, logger);
        _sweeps = new Sweeps([orphans, gone], Synchronised, options.Sweeps.Period, options.Time, logger);
    }

    /// <summary>What is known of the cluster, in numbers.</summary>
    public IMetricsSource Metrics { get; }

    /// <summary>True once the resources are known.</summary>
    public bool Ready => Synchronised.IsCompleted;

    /// <summary>Watches the resources, and sweeps, until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _volumes.RunAsync(cancellationToken), _snapshots.RunAsync(cancellationToken), _groups.RunAsync(cancellationToken), _nodes.RunAsync(cancellationToken),
        _sweeps.RunAsync(cancellationToken));

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
    public Task<VolumePage> ListAsync(int maximum, string token, CancellationToken cancellationToken) =>
        ListAsync(maximum, token, _ => true, (page, next) => new VolumePage([.. page.Select(ToVolume)], next), cancellationToken);

    /// <summary>A page of the volumes that have been made, of those that are wanted.</summary>
    private Task<T> ListAsync<T>(
        int maximum, string token, Func<TcmuVolume, bool> isWanted, Func<IReadOnlyList<TcmuVolume>, string, T> describe, CancellationToken cancellationToken)
    {
        if (maximum < 0) throw new VolumeException(VolumeError.InvalidArgument, $"a page of {maximum} volumes cannot be; ask for 0 (all) or more");

        var last = PageToken.Read(token);
        return RunAsync(
            "list", "the cluster",
            async patience =>
            {
                await SynchronisedAsync(patience);
                var made = _volumes.Cache.All
                    .Where(volume => volume.IsMade && string.CompareOrdinal(volume.Metadata.Name, last) > 0 && isWanted(volume))
                    .OrderBy(volume => volume.Metadata.Name, StringComparer.Ordinal);
                List<TcmuVolume> page = [.. maximum > 0 ? made.Take(maximum + 1) : made];
                if (maximum == 0 || page.Count <= maximum) return describe(page, "");
                page.RemoveAt(maximum);
                return describe(page, PageToken.Behind(page[^1].Metadata.Name));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => RunAsync(
        "deletion", id,
        async patience =>
        {
            if (await FindAsync(id, patience) is { } resource) await DeleteAsync(Kinds.Volumes, _volumes.Cache, resource, patience);
            return Gone;
        },
        cancellationToken);

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
        Encrypted = VolumeRules.IsEncrypted(resource.Spec.Parameters ?? []),
        FileSystem = resource.Status.FileSystem ?? "",
        Parameters = resource.Spec.Parameters ?? [],
        MutableParameters = resource.Spec.MutableParameters ?? [],
        Source = resource.Spec.Source?.ToSource(),
        Wwid = resource.Status.Wwid ?? "",
    };

    private static VolumeException NotFound(string id) => new(
        VolumeError.NotFound,
        ResourceNames.IsValid(id) ? $"there is no volume '{id}' in this cluster" : "there is no such volume; its id is none that this driver gives out");

    private IReadOnlyList<PoolSpace> Spaces() => Placement.Measure(
        _nodes.Cache.All.Where(node => node.Status?.IsReady == true && _heartbeats.IsAlive(node.Metadata.Name)), _volumes.Cache.All);

    private Task Synchronised =>
        Task.WhenAll(_volumes.Cache.Synchronised, _snapshots.Cache.Synchronised, _groups.Cache.Synchronised, _nodes.Cache.Synchronised);

    private Task SynchronisedAsync(CancellationToken patience) => Synchronised.WaitAsync(patience);

    private Task<TcmuVolume?> FindAsync(string id, CancellationToken patience) => FindKnownAsync(Kinds.Volumes, _volumes.Cache, id, patience);

    /// <summary>The resource of a volume that has been made and is not being deleted.</summary>
    private async Task<TcmuVolume> RequireMadeAsync(string id, CancellationToken patience, bool live = false)
    {
        var resource = (live && ResourceNames.IsValid(id) ? await FindLiveAsync(Kinds.Volumes, _volumes.Cache, id, patience) : await FindAsync(id, patience)) ?? throw NotFound(id);
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
        if (((INodeResource?)_volumes.Cache.Find(id) ?? _snapshots.Cache.Find(id) ?? (INodeResource?)_groups.Cache.Find(id)) is not { } resource) return "";
        var node = resource.Node;
        if (!_heartbeats.IsAlive(node)) return $" and waits for node '{node}', whose agent is silent (kubectl get tcmunode {node})";
        return resource.Status?.Error is { } error ? $" on node '{node}': {error.Message}" : $" on node '{node}'";
    }
}

/// <summary>What a <see cref="ResourceCatalogue"/> runs with.</summary>
public sealed record ResourceCatalogueOptions
{
    /// <summary>Longest wait for an agent; less than the sidecars' time-out, so that they read the answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>How long an agent may be silent before nothing new is placed on its node.</summary>
    public TimeSpan HeartbeatPatience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How it deals with what nobody seems to need any more.</summary>
    public SweepOptions Sweeps { get; init; } = new();

    /// <summary>Name of the CSI driver.</summary>
    public string DriverName { get; init; } = Kinds.Group;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

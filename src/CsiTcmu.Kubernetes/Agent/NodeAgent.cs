using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>
/// What a node does for the resources: makes, grows, changes and removes the images of its own TcmuVolumes, takes and removes its snapshots,
/// and reports itself. It asks the API server for nothing that I/O, staging or publishing need, so that these go on while the server is away.
/// </summary>
public sealed class NodeAgent : IDisposable
{
    /// <summary>Manager of the fields that agents apply.</summary>
    internal const string FieldManager = "csi-tcmu-node";

    private readonly Fulfilment<TcmuVolume> _volumes;
    private readonly Fulfilment<TcmuSnapshot> _snapshots;
    private readonly Fulfilment<TcmuSnapshotGroup> _groups;
    private readonly NodeReporter _reporter;
    private readonly EventRecorder _events;
    private readonly HealthWatch _health;
    private readonly VolumeReconciler _volumeReconciler;
    private readonly SnapshotReconciler _snapshotReconciler;
    private readonly GroupReconciler _groupReconciler;
    private readonly StartupTaint _taint;

    /// <summary>An agent, not yet running.</summary>
    /// <param name="client">The API server.</param>
    /// <param name="catalogue">The volumes of this node.</param>
    /// <param name="snapshots">Their snapshots.</param>
    /// <param name="health">What is wrong with them.</param>
    /// <param name="options">What it runs with.</param>
    /// <param name="logger">Receives what is worth telling.</param>
    public NodeAgent(
        ApiClient client, IVolumeCatalogue catalogue, ISnapshotCatalogue snapshots, IVolumeHealth health, NodeAgentOptions options, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _volumes = new Fulfilment<TcmuVolume>(client, Kinds.Volumes, options, logger);
        _snapshots = new Fulfilment<TcmuSnapshot>(client, Kinds.Snapshots, options, logger);
        _groups = new Fulfilment<TcmuSnapshotGroup>(client, Kinds.Groups, options, logger);
        _reporter = new NodeReporter(
            client, catalogue, new Orphans(catalogue, snapshots, _volumes.Cache, _snapshots.Cache, _groups.Cache, logger), options, logger);
        _events = new EventRecorder(client, FieldManager, options.Node, logger, options.Time);
        _health = new HealthWatch(health, _volumes.Cache, options, logger);
        var tools = new AgentTools(client, _reporter, _events, options, logger);
        _volumeReconciler = new VolumeReconciler(tools, catalogue, _health, _volumes.Cache);
        _snapshotReconciler = new SnapshotReconciler(tools, snapshots, _snapshots.Cache);
        _groupReconciler = new GroupReconciler(tools, snapshots, _groups.Cache);
        _taint = new StartupTaint(client, options.Node, options.DriverName, logger);
    }

    /// <summary>Runs until cancelled. Whatever happens to the API server, it goes on trying.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _volumes.RunAsync(_volumeReconciler.ReconcileAsync, cancellationToken),
        _snapshots.RunAsync(_snapshotReconciler.ReconcileAsync, cancellationToken),
        _groups.RunAsync(_groupReconciler.ReconcileAsync, cancellationToken),
        _reporter.RunAsync(cancellationToken),
        _health.RunAsync(_volumes.Look, _events, cancellationToken),
        _taint.RemoveAsync(cancellationToken));

    /// <inheritdoc/>
    public void Dispose()
    {
        _volumes.Dispose();
        _snapshots.Dispose();
        _groups.Dispose();
        _reporter.Dispose();
    }
}

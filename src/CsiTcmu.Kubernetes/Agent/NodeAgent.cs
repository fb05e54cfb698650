using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>
/// What a node does for the resources: makes, grows, changes and removes the images of its own TcmuVolumes, and reports itself. It asks
/// the API server for nothing that I/O, staging or publishing need, so that these go on while the server is away.
/// </summary>
public sealed class NodeAgent : IDisposable
{
    /// <summary>Manager of the fields that agents apply.</summary>
    internal const string FieldManager = "csi-tcmu-node";

    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    private readonly NodeAgentOptions _options;
    private readonly ILogger _logger;
    private readonly Reflector<TcmuVolume> _volumes;
    private readonly WorkQueue _queue;
    private readonly NodeReporter _reporter;
    private readonly VolumeReconciler _reconciler;
    private readonly StartupTaint _taint;

    /// <summary>An agent, not yet running.</summary>
    /// <param name="client">The API server.</param>
    /// <param name="catalogue">The volumes of this node.</param>
    /// <param name="options">What it runs with.</param>
    /// <param name="logger">Receives what is worth telling.</param>
    public NodeAgent(ApiClient client, IVolumeCatalogue catalogue, NodeAgentOptions options, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _logger) = (options, logger);
        _volumes = new Reflector<TcmuVolume>(client, Kinds.Volumes, $"{NodeResources.NodeLabel}={options.Node}", logger);
        _queue = new WorkQueue(Pauses, options.Time);
        _volumes.Cache.Subscribe(_queue.Add);
        _reporter = new NodeReporter(client, catalogue, _volumes.Cache, options, logger);
        var tools = new AgentTools(client, _reporter, new EventRecorder(client, FieldManager, options.Node, logger, options.Time), options, logger);
        _reconciler = new VolumeReconciler(tools, catalogue, _volumes.Cache);
        _taint = new StartupTaint(client, options.Node, options.DriverName, logger);
    }

    /// <summary>Runs until cancelled. Whatever happens to the API server, it goes on trying.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        _volumes.RunAsync(cancellationToken),
        _queue.RunAsync(_options.Workers, _reconciler.ReconcileAsync, _logger, cancellationToken),
        _reporter.RunAsync(cancellationToken),
        _taint.RemoveAsync(cancellationToken));

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Dispose();
        _reporter.Dispose();
    }
}

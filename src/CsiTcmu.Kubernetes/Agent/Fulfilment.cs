using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Watches the objects of a kind that are this node's, and has each dealt with when it changes.</summary>
/// <typeparam name="T">Type of the objects.</typeparam>
internal sealed class Fulfilment<T> : IDisposable
    where T : class, INodeResource
{
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    private readonly Reflector<T> _reflector;
    private readonly WorkQueue _queue;
    private readonly NodeAgentOptions _options;
    private readonly ILogger _logger;

    public Fulfilment(ApiClient client, ResourceKind<T> kind, NodeAgentOptions options, ILogger logger)
    {
        (_options, _logger) = (options, logger);
        _reflector = new Reflector<T>(client, kind, $"{NodeResources.NodeLabel}={options.Node}", logger);
        _queue = new WorkQueue(Pauses, options.Time);
        _reflector.Cache.Subscribe(_queue.Add);
    }

    /// <summary>The objects.</summary>
    public ResourceCache<T> Cache => _reflector.Cache;

    /// <summary>Has an object dealt with although it has not changed.</summary>
    public void Look(string name) => _queue.Add(name);

    /// <summary>Runs until cancelled.</summary>
    /// <param name="reconcile">Deals with one object; false when it shall come again soon.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task RunAsync(Func<string, CancellationToken, Task<bool>> reconcile, CancellationToken cancellationToken) =>
        Task.WhenAll(_reflector.RunAsync(cancellationToken), _queue.RunAsync(_options.Workers, reconcile, _logger, cancellationToken));

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();
}

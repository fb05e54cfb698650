using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Writes the TcmuNode of this node: regularly, and after everything that changes the room in its pools.</summary>
/// <param name="client">The server.</param>
/// <param name="catalogue">The volumes of this node.</param>
/// <param name="orphaned">Finds images without a resource.</param>
/// <param name="options">What the agent runs with.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class NodeReporter(
    ApiClient client, IVolumeCatalogue catalogue, Orphans orphaned, NodeAgentOptions options, ILogger logger) : IDisposable
{
    private const int MostOrphans = 100;
    // Not by RuntimeInformation.OSDescription, which tells the distribution of the image.
    private static readonly string KernelVersion = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
    private readonly SemaphoreSlim _reporting = new(1);
    private TcmuNode? _written;

    /// <summary>Reports until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ticks = new PeriodicTimer(options.HeartbeatPeriod, options.Time);
        try
        {
            do
            {
                await ReportAsync(cancellationToken);
            }
            while (await ticks.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            logger.LogDebug("No more reports");
        }
    }

    /// <summary>Reports now. A failure is logged: the next report says the same and more.</summary>
    public async Task ReportAsync(CancellationToken cancellationToken)
    {
        await _reporting.WaitAsync(cancellationToken);
        try
        {
            _written = await WriteAsync(await MeasureAsync(cancellationToken), cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            logger.LogWarning("The node is not reported: {Reason}", failure.Message);
        }
        finally
        {
            _reporting.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reporting.Dispose();

    private async Task<TcmuNode> WriteAsync(TcmuNodeStatus status, CancellationToken cancellationToken)
    {
        try
        {
            return await client.ApplyStatusAsync(Kinds.TcmuNodeStatus, options.Node, null, status, NodeAgent.FieldManager, cancellationToken);
        }
        catch (ApiException absent) when (absent.IsNotFound)
        {
            await client.CreateAsync(Kinds.TcmuNodes, new TcmuNode { Metadata = new ObjectMetadata { Name = options.Node } }, cancellationToken);
            return await client.ApplyStatusAsync(Kinds.TcmuNodeStatus, options.Node, null, status, NodeAgent.FieldManager, cancellationToken);
        }
    }

    private async Task<TcmuNodeStatus> MeasureAsync(CancellationToken cancellationToken)
    {
        // The time is taken first: what is made after it is not in the figures.
        var now = options.Time.GetUtcNow();
        var pools = new List<TcmuPoolStatus>();
        foreach (var pool in options.Pools) pools.Add(await MeasureAsync(pool, cancellationToken));
        var (images, orphans) = await orphaned.FindAsync(cancellationToken);
        var ready = pools.Any(pool => pool.Ready);
        return new TcmuNodeStatus
        {
            Heartbeat = now,
            DriverVersion = options.DriverVersion,
            KernelVersion = KernelVersion,
            Volumes = images,
            Available = new Quantity(pools.Sum(pool => pool.Available.Bytes)),
            Pools = pools,
            BlocksEndpoint = options.BlocksEndpoint?.ToString(),
            Orphans = orphans.Count > 0 ? [.. orphans.Take(MostOrphans)] : null,
            Conditions =
            [
                Condition.Now(
                    _written?.Status?.Conditions, "Ready", ready, ready ? "PoolsReady" : "NoPoolReady",
                    ready ? "volumes can be made here" : string.Join("; ", pools.Select(pool => pool.Message)), now),
                Condition.Now(
                    _written?.Status?.Conditions, "Orphans", orphans.Count > 0, orphans.Count > 0 ? "ImagesWithoutResource" : "NoOrphans",
                    orphans.Count > 0 ? $"{orphans.Count} images have no resource; they are kept until an administrator removes them" : "", now),
                .. options.Facts().Select(fact => Condition.Now(_written?.Status?.Conditions, fact.Type, fact.IsTrue, fact.Reason, fact.Message, now)),
            ],
        };
    }

    private async Task<TcmuPoolStatus> MeasureAsync(string pool, CancellationToken cancellationToken)
    {
        try
        {
            var room = await catalogue.GetRoomAsync(
                new Dictionary<string, string>(StringComparer.Ordinal) { ["pool"] = pool }, fileSystem: "", block: false, cancellationToken);
            return new TcmuPoolStatus
            {
                Name = pool,
                Ready = true,
                Available = new Quantity(room.Available),
                MaximumVolumeSize = new Quantity(room.MaximumVolumeSize),
            };
        }
        catch (VolumeException failure)
        {
            return new TcmuPoolStatus { Name = pool, Message = failure.Message };
        }
    }
}

using System.Net;
using System.Runtime.InteropServices;
using CsiTcmu.Csi;
using CsiTcmu.DataPlane;
using CsiTcmu.Grpc;
using CsiTcmu.Kubernetes.Agent;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Memory;
using CsiTcmu.Metrics;
using CsiTcmu.Verbs;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Node;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>
/// All services of one node on one socket; with a cluster those of the kubelet, and the agent. The order is what keeps I/O safe: the pools are locked, so that no second process serves the
/// same disks; disks of an earlier process are taken over; only then are calls answered. At the end calls stop first, disks last.
/// </summary>
internal static class Standalone
{
    private static readonly TimeSpan CallGrace = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PoolPatience = TimeSpan.FromSeconds(10);

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <param name="options">What it runs with.</param>
    /// <param name="cluster">Finds the cluster; null for standalone.</param>
    /// <param name="logging">Takes log lines.</param>
    /// <returns>Exit status: 0, or 1 when it cannot start.</returns>
    public static Task<int> RunAsync(StandaloneOptions options, Func<ClusterConfiguration>? cluster, ILoggerFactory logging) =>
        Termination.RunAsync(logging.CreateLogger("csi-tcmu"), ended => ServeAsync(options, cluster?.Invoke(), logging, ended));

    private static async Task ServeAsync(StandaloneOptions options, ClusterConfiguration? cluster, ILoggerFactory logging, Task<PosixSignal> ended)
    {
        var log = logging.CreateLogger("csi-tcmu");
        log.LogInformation("csi-tcmu {Version} starts on node {Node}", VersionVerb.Version, options.NodeId);
        foreach (var finding in MemoryDiscipline.Apply()) Report(log, finding);

        var planeOptions = new DataPlaneOptions { Engine = options.Engine };
        if (options.Reactors is { } reactors) planeOptions = planeOptions with { ReactorCount = reactors };
        await using var plane = await ReactorPool.StartAsync(planeOptions);
        log.LogInformation("File I/O by {Engine}, {Reactors} reactors", plane.EngineDescription, planeOptions.ReactorCount);

        var disks = new TcmuDiskOptions { ZeroCopy = options.ZeroCopy };
        var limit = AttachLimit.Read(disks);
        log.LogInformation("At most {Volumes} volumes on this node: {Reason}", limit.Volumes, limit.Reason);
        var attacher = new TcmuDiskAttacher(plane, logging.CreateLogger("disks"), disks);
        using var catalogue = VolumeCatalogue.Open(options.Pools, attacher, logging.CreateLogger("volumes"), PoolPatience);
        var node = new NodeVolumes(options.NodeId, catalogue, attacher, logging.CreateLogger("node")) { MaximumVolumes = limit.Volumes };
        await node.TakeOverAsync();
        var zeroCopy = await NodeZeroCopy.FindAsync(options.ZeroCopy, log);

        var calls = new CallLog(logging.CreateLogger("csi"));
        var counts = new CallMetrics();
        GrpcInterceptor[] interceptors = [counts.InterceptAsync, calls.InterceptAsync];
        await using var server = new GrpcServer(new GrpcServerOptions
        {
            Endpoint = options.Endpoint,
            Interceptors = interceptors,
            LoggerFactory = logging,
        });
        var health = new NodeHealth(catalogue, attacher);
        if (cluster is null)
        {
            CsiServices.Register(
                server, catalogue, catalogue, catalogue, node, health, options.Specification, VersionVerb.Version, () => !ended.IsCompleted);
        }
        else
        {
            CsiServices.RegisterNode(server, node, health, options.Specification, VersionVerb.Version, () => !ended.IsCompleted);
        }

        await server.StartAsync();
        IMetricsSource[] sources =
        [
            new ProcessMetrics(VersionVerb.Version), counts, new DiskMetrics(() => attacher.Counters),
            new ReactorMetrics(() => plane.Reactors), new PoolMetrics(catalogue),
        ];
        await using var exposed = await Exposition.StartAsync(options.Metrics, sources, logging);
        await using var blocks = await Blocks.StartAsync(options, server, catalogue, interceptors, logging);
        log.LogInformation("Serving on {Socket}", server.SocketPath);

        using var end = new CancellationTokenSource();
        var agent = cluster is null ? Task.CompletedTask : RunAgentAsync(cluster, options, catalogue, health, blocks?.Endpoint, Facts, logging, end.Token);
        var signal = await ended;
        log.LogInformation("{Signal}: calls end, then I/O waits for the next process", signal);
        await end.CancelAsync();
        await server.StopAsync(CallGrace);
        await agent;
        await node.StopAsync();
        log.LogInformation(
            "Ended; the disks stay; garbage collections of generation 0, 1, 2: {Young}, {Middle}, {Old}",
            GC.CollectionCount(0) - GC.CollectionCount(1), GC.CollectionCount(1) - GC.CollectionCount(2), GC.CollectionCount(2));

        IReadOnlyList<NodeFact> Facts()
        {
            var (served, withZeroCopy) = attacher.ZeroCopyUse;
            return zeroCopy.Describe(served, withZeroCopy) is { } fact ? [fact] : [];
        }
    }

    /// <summary>Runs beside the services, none of which waits for it: whatever happens to the API server, disks are served.</summary>
    private static async Task RunAgentAsync(
        ClusterConfiguration cluster, StandaloneOptions options, VolumeCatalogue catalogue, NodeHealth health, IPEndPoint? blocks,
        Func<IReadOnlyList<NodeFact>> facts, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        using var client = new ApiClient(cluster, ClusterOptions.UserAgent);
        using var agent = new NodeAgent(
            client, catalogue, catalogue, health,
            new NodeAgentOptions
            {
                Node = options.NodeId,
                Pools = [.. options.Pools.Select(pool => pool.Name)],
                DriverVersion = VersionVerb.Version,
                DriverName = CsiServices.DriverName,
                BlocksEndpoint = blocks,
                Facts = facts,
            },
            logging.CreateLogger("agent"));
        await agent.RunAsync(cancellationToken);
    }

    private static void Report(ILogger log, MemoryFinding finding)
    {
        if (finding.Fine) log.LogInformation("{Subject}: {Detail}", finding.Subject, finding.Detail);
        else log.LogWarning("{Subject}: {Detail}; to mend it, {Fix}", finding.Subject, finding.Detail, finding.Fix);
    }
}

using System.Runtime.InteropServices;
using CsiTcmu.Csi;
using CsiTcmu.DataPlane;
using CsiTcmu.Grpc;
using CsiTcmu.Memory;
using CsiTcmu.Verbs;
using CsiTcmu.Volumes;
using CsiTcmu.Volumes.Health;
using CsiTcmu.Volumes.Node;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>
/// All services of one node on one socket. The order is what keeps I/O safe: the pools are locked, so that no second process serves the
/// same disks; disks of an earlier process are taken over; only then are calls answered. At the end calls stop first, disks last.
/// </summary>
internal static class Standalone
{
    private const int ExitCannotStart = 1;
    private static readonly TimeSpan CallGrace = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PoolPatience = TimeSpan.FromSeconds(10);

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <returns>Exit status: 0, or 1 when it cannot start.</returns>
    public static async Task<int> RunAsync(StandaloneOptions options, ILoggerFactory logging)
    {
        var log = logging.CreateLogger("csi-tcmu");
        var ended = new TaskCompletionSource<PosixSignal>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        try
        {
            await ServeAsync(options, logging, log, ended.Task);
            return 0;
        }
        catch (Exception e) when (e is VolumeException or IOException or ArgumentException)
        {
            log.LogCritical("Cannot start: {Reason}", e.Message);
            return ExitCannotStart;
        }

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            ended.TrySetResult(context.Signal);
        }
    }

    private static async Task ServeAsync(StandaloneOptions options, ILoggerFactory logging, ILogger log, Task<PosixSignal> ended)
    {
        log.LogInformation("csi-tcmu {Version} starts on node {Node}", VersionVerb.Version, options.NodeId);
        foreach (var finding in MemoryDiscipline.Apply()) Report(log, finding);

        var planeOptions = new DataPlaneOptions { Engine = options.Engine };
        if (options.Reactors is { } reactors) planeOptions = planeOptions with { ReactorCount = reactors };
        await using var plane = await ReactorPool.StartAsync(planeOptions);
        log.LogInformation("File I/O by {Engine}, {Reactors} reactors", plane.EngineDescription, planeOptions.ReactorCount);

        var disks = new TcmuDiskOptions();
        var limit = AttachLimit.Read(disks);
        log.LogInformation("At most {Volumes} volumes on this node: {Reason}", limit.Volumes, limit.Reason);
        var attacher = new TcmuDiskAttacher(plane, logging.CreateLogger("disks"), disks);
        using var catalogue = VolumeCatalogue.Open(options.Pools, attacher, logging.CreateLogger("volumes"), PoolPatience);
        var node = new NodeVolumes(options.NodeId, catalogue, attacher, logging.CreateLogger("node")) { MaximumVolumes = limit.Volumes };
        await node.TakeOverAsync();

        var calls = new CallLog(logging.CreateLogger("csi"));
        await using var server = new GrpcServer(new GrpcServerOptions
        {
            Endpoint = options.Endpoint,
            Interceptors = [calls.InterceptAsync],
            LoggerFactory = logging,
        });
        var health = new NodeHealth(catalogue, attacher);
        CsiServices.Register(server, catalogue, catalogue, catalogue, node, health, options.Specification, VersionVerb.Version, () => !ended.IsCompleted);
        await server.StartAsync();
        log.LogInformation("Serving on {Socket}", server.SocketPath);

        var signal = await ended;
        log.LogInformation("{Signal}: calls end, then I/O waits for the next process", signal);
        await server.StopAsync(CallGrace);
        await node.StopAsync();
        log.LogInformation(
            "Ended; the disks stay; garbage collections of generation 0, 1, 2: {Young}, {Middle}, {Old}",
            GC.CollectionCount(0) - GC.CollectionCount(1), GC.CollectionCount(1) - GC.CollectionCount(2), GC.CollectionCount(2));
    }

    private static void Report(ILogger log, MemoryFinding finding)
    {
        if (finding.Fine) log.LogInformation("{Subject}: {Detail}", finding.Subject, finding.Detail);
        else log.LogWarning("{Subject}: {Detail}; to mend it, {Fix}", finding.Subject, finding.Detail, finding.Fix);
    }
}

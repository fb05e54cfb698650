using System.Net;
using System.Runtime.InteropServices;
using CsiTcmu.Csi;
using CsiTcmu.Grpc;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Controller;
using CsiTcmu.Metrics;
using CsiTcmu.Verbs;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>The CSI controller of a cluster on one socket. It needs no privilege and keeps no state of its own.</summary>
internal static class ClusterController
{
    private static readonly TimeSpan CallGrace = TimeSpan.FromSeconds(20);

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <param name="endpoint">Where gRPC is served.</param>
    /// <param name="metrics">Where metrics are served; null for nowhere.</param>
    /// <param name="cluster">Finds the cluster.</param>
    /// <param name="options">What it runs with.</param>
    /// <param name="specification">How health is told.</param>
    /// <param name="blocksTls">Folder of the certificate by which nodes are asked for blocks; null when they are not.</param>
    /// <param name="logging">Takes log lines.</param>
    /// <returns>Exit status: 0, or 1 when it cannot start.</returns>
    public static Task<int> RunAsync(
        string endpoint, IPEndPoint? metrics, Func<ClusterConfiguration> cluster, ResourceCatalogueOptions options, CsiSpecification specification, string? blocksTls,
        ILoggerFactory logging) =>
        Termination.RunAsync(logging.CreateLogger("csi-tcmu"), ended => ServeAsync(endpoint, metrics, cluster(), options, specification, blocksTls, logging, ended));

    private static async Task ServeAsync(
        string endpoint, IPEndPoint? metrics, ClusterConfiguration cluster, ResourceCatalogueOptions options, CsiSpecification specification, string? blocksTls, ILoggerFactory logging,
        Task<PosixSignal> ended)
    {
        var log = logging.CreateLogger("csi-tcmu");
        log.LogInformation("csi-tcmu {Version} starts as controller of {Server}", VersionVerb.Version, cluster.Server);
        using var client = new ApiClient(cluster, ClusterOptions.UserAgent);
        using var catalogue = new ResourceCatalogue(client, options, logging.CreateLogger("volumes"));
        using var end = new CancellationTokenSource();
        var watching = catalogue.RunAsync(end.Token);

        var calls = new CallLog(logging.CreateLogger("csi"));
        var counts = new CallMetrics();
        await using var exposed = await Exposition.StartAsync(metrics, [new ProcessMetrics(VersionVerb.Version), counts, catalogue.Metrics], logging);
        await using var server = new GrpcServer(new GrpcServerOptions
        {
            Endpoint = endpoint,
            Interceptors = [counts.InterceptAsync, calls.InterceptAsync],
            LoggerFactory = logging,
        });

        // The sidecars wait for the first probe that says ready: until the resources are known nothing can be placed.
        var identity = blocksTls is null ? null : new TlsIdentity(blocksTls, SnapshotMetadataEntrance.CertificateName);
        identity?.Check();
        CsiServices.RegisterController(
            server, catalogue, catalogue, catalogue, specification, VersionVerb.Version, () => catalogue.Ready && !ended.IsCompleted,
            identity is null ? null : new SnapshotMetadataRelay(catalogue, identity));
        await server.StartAsync();
        log.LogInformation("Serving on {Socket}", server.SocketPath);

        var signal = await ended;
        log.LogInformation("{Signal}: calls end", signal);
        await server.StopAsync(CallGrace);
        await end.CancelAsync();
        await watching;
    }
}

using System.Net.Sockets;
using System.Security.Cryptography;
using CsiTcmu.Csi;
using CsiTcmu.Grpc;
using CsiTcmu.Verbs;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>Blocks of snapshots, told to the controller when there is an endpoint for that.</summary>
internal static class Blocks
{
    /// <summary>Tells them until disposed.</summary>
    /// <param name="options">Where.</param>
    /// <param name="server">The kubelet's server; the socket of this one lies beside its own.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="interceptors">Run around every call.</param>
    /// <param name="logging">Takes log lines.</param>
    /// <returns>Null when nothing is told. That the endpoint cannot be had is logged: volumes are more important than backups.</returns>
    public static async Task<SnapshotMetadataEntrance?> StartAsync(
        StandaloneOptions options, GrpcServer server, ISnapshotBlocks blocks, IReadOnlyList<GrpcInterceptor> interceptors, ILoggerFactory logging)
    {
        if (options.Blocks is not { } place) return null;
        var log = logging.CreateLogger("blocks");
        try
        {
            var entrance = await SnapshotMetadataEntrance.StartAsync(
                place.Endpoint, new TlsIdentity(place.Tls, SnapshotMetadataEntrance.CertificateName),
                new GrpcServerOptions
                {
                    Endpoint = Path.Combine(Path.GetDirectoryName(server.SocketPath)!, "blocks.sock"),
                    Interceptors = interceptors,
                    LoggerFactory = logging,
                },
                blocks);
            log.LogInformation("Blocks of snapshots at {Endpoint}", entrance.Endpoint);
            return entrance;
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException or CryptographicException or SocketException)
        {
            log.LogError("No blocks of snapshots: {Endpoint} with the certificate in {Folder} cannot be had: {Reason}", place.Endpoint, place.Tls, refusal.Message);
            return null;
        }
    }
}

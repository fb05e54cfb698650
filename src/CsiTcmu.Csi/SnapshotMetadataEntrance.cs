using System.Net;
using Csi.V1;
using CsiTcmu.Grpc;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Csi;

/// <summary>The SnapshotMetadata service of one node of a cluster, for the cluster's controller (<see cref="SnapshotMetadataRelay"/>): by TLS, for those who have its certificate.</summary>
public sealed class SnapshotMetadataEntrance : IAsyncDisposable
{
    /// <summary>DNS name that the certificates of controller and nodes carry.</summary>
    public const string CertificateName = "csi-tcmu-blocks";

    private readonly GrpcServer _server;
    private readonly TlsEntrance _entrance;

    private SnapshotMetadataEntrance(GrpcServer server, TlsEntrance entrance) => (_server, _entrance) = (server, entrance);

    /// <summary>Where it is.</summary>
    public IPEndPoint Endpoint => _entrance.Endpoint;

    /// <summary>Serves until disposed.</summary>
    /// <param name="endpoint">Where; port 0 for a free one.</param>
    /// <param name="identity">What is shown to the controller, and expected of it.</param>
    /// <param name="options">The server behind it, on a socket of its own.</param>
    /// <param name="blocks">The blocks.</param>
    /// <exception cref="IOException">The socket, or a file of the certificate, cannot be had.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file is no certificate.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address or port cannot be had.</exception>
    public static async Task<SnapshotMetadataEntrance> StartAsync(IPEndPoint endpoint, TlsIdentity identity, GrpcServerOptions options, ISnapshotBlocks blocks)
    {
        ArgumentNullException.ThrowIfNull(options);
        var server = new GrpcServer(options).AddService(SnapshotMetadata.BindService(new SnapshotMetadataService(blocks)));
        var entrance = new TlsEntrance(endpoint, identity, server.SocketPath, options.LoggerFactory.CreateLogger<TlsEntrance>());
        try
        {
            await server.StartAsync();
            entrance.Open();
            return new SnapshotMetadataEntrance(server, entrance);
        }
        catch
        {
            await entrance.DisposeAsync();
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _entrance.DisposeAsync();
        await _server.DisposeAsync();
    }
}

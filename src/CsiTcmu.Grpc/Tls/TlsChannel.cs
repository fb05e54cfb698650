using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Grpc.Net.Client;

namespace CsiTcmu.Grpc;

/// <summary>The other end of a <see cref="TlsEntrance"/>.</summary>
public static class TlsChannel
{
    /// <summary>A channel; the connection is made with the first call.</summary>
    /// <param name="endpoint">Where the entrance is.</param>
    /// <param name="identity">What is shown there, and expected.</param>
    public static GrpcChannel To(IPEndPoint endpoint, TlsIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(identity);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(endpoint, cancellationToken);
                    var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
                    await stream.AuthenticateAsClientAsync(identity.ForClient(), cancellationToken);
                    return stream;
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };

        // TLS is the connection's; to HTTP it is a plain one, on both sides.
        return GrpcChannel.ForAddress($"http://{identity.Name}", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}

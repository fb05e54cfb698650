using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc;

/// <summary>
/// The way over the network to a <see cref="GrpcServer"/>, for those who have a certificate: what comes in by TLS goes on to the server's socket, and back. So the
/// server's rules hold for everybody, and it knows nothing of networks.
/// </summary>
public sealed class TlsEntrance : IAsyncDisposable
{
    private const int MostConnections = 64;
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly TcpListener _listener;
    private readonly TlsIdentity _identity;
    private readonly UnixDomainSocketEndPoint _server;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _places = new(MostConnections);
    private readonly CancellationTokenSource _end = new();
    private Task _accepting = Task.CompletedTask;

    /// <summary>An entrance that is closed.</summary>
    /// <param name="endpoint">Where it will be; port 0 for a free one.</param>
    /// <param name="identity">What it shows, and who may come in.</param>
    /// <param name="socketPath">The server's socket.</param>
    /// <param name="logger">Takes log lines.</param>
    public TlsEntrance(IPEndPoint endpoint, TlsIdentity identity, string socketPath, ILogger logger)
    {
        _listener = new TcpListener(endpoint);
        _identity = identity;
        _server = new UnixDomainSocketEndPoint(socketPath);
        _logger = logger;
    }

    /// <summary>Where it is, once it is open.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Opens it.</summary>
    /// <exception cref="IOException">A file of the certificate cannot be read.</exception>
    /// <exception cref="CryptographicException">A file is no certificate.</exception>
    /// <exception cref="SocketException">The address or port cannot be had.</exception>
    public void Open()
    {
        _identity.Check();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Closes it, and the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;

        // Each connection gives its place back when it has ended.
        for (var i = 0; i < MostConnections; i++) await _places.WaitAsync();
        _places.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            var taken = false;
            try
            {
                await _places.WaitAsync(_end.Token);
                taken = true;
                _ = CarryAsync(await _listener.AcceptSocketAsync(_end.Token));
                taken = false;
            }
            catch (SocketException failure) when (!_end.IsCancellationRequested)
            {
                _logger.LogWarning("No connection can be taken: {Reason}", failure.Message);
                await Task.Delay(Pause);
            }
            catch (Exception) when (_end.IsCancellationRequested)
            {
                _logger.LogDebug("No more connections");
            }
            finally
            {
                if (taken) _places.Release();
            }
        }
    }

    private async Task CarryAsync(Socket socket)
    {
        var peer = $"{socket.RemoteEndPoint}";
        try
        {
            await using var outside = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await GreetAsync(outside);
            using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await server.ConnectAsync(_server, _end.Token);
            await using var inside = new NetworkStream(server);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            var ways = new[] { outside.CopyToAsync(inside, over.Token), inside.CopyToAsync(outside, over.Token) };
            await Task.WhenAny(ways);
            await over.CancelAsync();
            await Task.WhenAll(ways);
        }
        catch (Exception failure) when (failure is AuthenticationException or CryptographicException)
        {
            _logger.LogWarning("{Peer} is not let in: {Reason}", peer, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            _logger.LogDebug("The connection of {Peer} has ended: {Reason}", peer, failure.Message);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task GreetAsync(SslStream outside)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(HandshakePatience);
        await outside.AuthenticateAsServerAsync(_identity.ForServer(), patience.Token);
    }
}

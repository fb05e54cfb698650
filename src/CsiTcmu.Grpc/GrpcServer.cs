using System.Net.Sockets;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CsiTcmu.Grpc;

/// <summary>Hosts Grpc.AspNetCore on a unix socket: HTTP/2 with prior knowledge, unary and server-streaming calls.</summary>
/// <remarks>It is Kestrel alone, without a web host: nothing is read from files or the environment, nothing is written to the console,
/// no signal is caught, and no TCP port is opened.</remarks>
public sealed class GrpcServer : IAsyncDisposable
{
    /// <summary>How long calls that are given up may take to notice, and open connections to close.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);

    private readonly GrpcServerOptions _options;
    private readonly ILogger _logger;
    private readonly List<ServerServiceDefinition> _definitions = [];
    private readonly RunningCalls _calls = new();
    private readonly Lock _lock = new();
    private ServiceProvider? _services;
    private KestrelServer? _kestrel;
    private Task<bool>? _stopped;
    private bool _begun;

    /// <summary>Makes a server that does not listen yet.</summary>
    /// <param name="options">Where to listen, and the limits.</param>
    /// <exception cref="ArgumentException">The endpoint or a limit cannot be used; the message names it.</exception>
    public GrpcServer(GrpcServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxReceiveMessageSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxSendMessageSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxStreamsPerConnection, 1);
        _options = options;
        SocketPath = UnixEndpoint.ParsePath(options.Endpoint);
        _logger = options.LoggerFactory.CreateLogger<GrpcServer>();
    }

    /// <summary>The path of the socket.</summary>
    public string SocketPath { get; }

    /// <summary>Adds a service; allowed before the start.</summary>
    /// <param name="service">What <c>BindService</c> of generated code returns.</param>
    /// <returns>This server.</returns>
    /// <exception cref="InvalidOperationException">The server is started.</exception>
    public GrpcServer AddService(ServerServiceDefinition service)
    {
        ArgumentNullException.ThrowIfNull(service);
        lock (_lock)
        {
            if (_begun)
                throw new InvalidOperationException("Services are added before the server is started.");
            _definitions.Add(service);
        }

        return this;
    }

    /// <summary>Listens. The directory of the socket is made when it is missing, and a socket that nobody listens on is replaced.</summary>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>Ends when clients can connect.</returns>
    /// <exception cref="IOException">Another process listens there, something else is there, or the system refuses.</exception>
    /// <exception cref="InvalidOperationException">The server was started before, or two of its services serve the same method.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_begun)
                throw new InvalidOperationException("A server starts once.");
            _begun = true;
        }

        _services = OfficialServer.MakeServices(_options, new CallInterceptor(_options.Interceptors, _calls, _logger));
        var gate = new CallGate(OfficialServer.Map(_services, _definitions), _services, _calls, _logger);
        var socket = UnixListenSocket.Bind(SocketPath, _options.SocketMode);
        try
        {
            var kestrel = MakeKestrel(socket);
            await kestrel.StartAsync(gate, cancellationToken);
            _kestrel = kestrel;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Stops. New calls are refused with UNAVAILABLE; running ones go on up to a limit, then their tokens fire and they end
    /// with UNAVAILABLE; at last the connections are closed and the socket file is removed.</summary>
    /// <param name="grace">The limit for running calls.</param>
    /// <returns>Whether every call ended within the limit. Repeated stops return the result of the first.</returns>
    public Task<bool> StopAsync(TimeSpan grace)
    {
        lock (_lock)
        {
            _begun = true;
            return _stopped ??= StopOnceAsync(grace);
        }
    }

    /// <summary>Stops without a limit for running calls: they are given up at once.</summary>
    /// <returns>Ends when the server is stopped.</returns>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero);

    private async Task<bool> StopOnceAsync(TimeSpan grace)
    {
        var drained = _calls.StopAsync();
        var inTime = await EndsWithinAsync(drained, grace);
        if (!inTime)
        {
            GiveUpCalls();
            if (!await EndsWithinAsync(drained, LastWait))
                _logger.LogWarning("Calls that were given up still run while the server stops");
        }

        if (_kestrel is { } kestrel)
        {
            using var limit = new CancellationTokenSource(LastWait);
            await kestrel.StopAsync(limit.Token);
            kestrel.Dispose();
        }

        if (_services is { } services)
            await services.DisposeAsync();
        _calls.Dispose();

        return inTime;
    }

    private void GiveUpCalls()
    {
        try
        {
            _calls.Abort();
        }
        catch (AggregateException e)
        {
            // It comes from what services hung on the tokens of their calls, and must not keep the server from stopping.
            _logger.LogError(e, "Code hung on the cancellation of calls failed");
        }
    }

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan limit)
    {
        await Task.WhenAny(task, Task.Delay(limit));
        return task.IsCompleted;
    }

    private KestrelServer MakeKestrel(Socket socket)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        var limits = options.Limits;
        limits.Http2.MaxStreamsPerConnection = _options.MaxStreamsPerConnection;
        // The size of a message is checked before it is read, and calls may be slow on purpose.
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        // An idle connection must stay: CSI sidecars end themselves when they lose it. A year and not "infinite", with which Kestrel's
        // arithmetic overflows and closes idle connections within a second.
        limits.KeepAliveTimeout = TimeSpan.FromDays(365);
        options.ListenUnixSocket(SocketPath, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection =>
            {
                PeerName.Attach(connection);
                return next(connection);
            });
        });

        var transport = new SocketTransportOptions { CreateBoundListenSocket = _ => socket };
        return new KestrelServer(
            Options.Create(options),
            new SocketTransportFactory(Options.Create(transport), _options.LoggerFactory),
            _options.LoggerFactory);
    }
}

using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc.Tests;

/// <summary>A server with the service of wire.proto on a socket of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    /// <summary>How long a test waits for what must happen, on a machine that does other things too.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _directory;

    private TestServer(
        string directory, int maxReceive, int maxSend, int? maxStreams, ServerServiceDefinition[] more, GrpcInterceptor[] interceptors)
    {
        _directory = directory;
        SocketPath = Path.Combine(directory, "s.sock");
        Grpc = new GrpcServer(new GrpcServerOptions
        {
            Endpoint = Endpoint,
            MaxReceiveMessageSize = maxReceive,
            MaxSendMessageSize = maxSend,
            MaxStreamsPerConnection = maxStreams ?? new GrpcServerOptions { Endpoint = "" }.MaxStreamsPerConnection,
            Interceptors = interceptors,
            LoggerFactory = Log,
        });
        Grpc.AddService(Wire.BindService(Service));
        foreach (var definition in more)
            Grpc.AddService(definition);
    }

    public GrpcServer Grpc { get; }

    public WireService Service { get; } = new();

    public KeptLog Log { get; } = new();

    public string SocketPath { get; }

    public string Endpoint => "unix://" + SocketPath;

    /// <summary>A file with the descriptor of wire.proto.</summary>
    public string DescriptorFile => Path.Combine(_directory, "wire.desc");

    public static async Task<TestServer> StartAsync(
        int maxReceive = GrpcServerOptions.DefaultMaxMessageSize,
        int maxSend = GrpcServerOptions.DefaultMaxMessageSize,
        int? maxStreams = null,
        ServerServiceDefinition[]? more = null,
        params GrpcInterceptor[] interceptors)
    {
        var directory = Directory.CreateTempSubdirectory("grpc-").FullName;
        var server = new TestServer(directory, maxReceive, maxSend, maxStreams, more ?? [], interceptors);
        await File.WriteAllBytesAsync(server.DescriptorFile, WireReflection.Descriptor.SerializedData.ToByteArray());
        await server.Grpc.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await Grpc.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>Keeps log lines.</summary>
internal sealed class KeptLog : ILoggerFactory, ILogger
{
    public ConcurrentQueue<(LogLevel Level, string Text, Exception? Exception)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, formatter(state, exception), exception));

    public void Dispose()
    {
    }
}

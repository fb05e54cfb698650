using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Grpc;

/// <summary>What a <see cref="GrpcServer"/> listens on, and its limits.</summary>
public sealed class GrpcServerOptions
{
    /// <summary>The limit of gRPC clients for messages, 4 MiB, which is the default of both limits here.</summary>
    public const int DefaultMaxMessageSize = 4 * 1024 * 1024;

    /// <summary>The unix socket: <c>unix:///path</c>, <c>unix:/path</c> or <c>/path</c>, at most 107 bytes of path.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Permission bits of the socket; by default the owner and the group may connect (0660).</summary>
    public UnixFileMode SocketMode { get; init; } =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Largest request in bytes, 1 or more; a larger one ends with RESOURCE_EXHAUSTED before it is read.</summary>
    public int MaxReceiveMessageSize { get; init; } = DefaultMaxMessageSize;

    /// <summary>Largest response in bytes, 1 or more; a larger one is not sent, and the call ends with RESOURCE_EXHAUSTED.</summary>
    public int MaxSendMessageSize { get; init; } = DefaultMaxMessageSize;

    /// <summary>Calls at once on one connection, 1 or more; further ones wait in the client. The sidecars of CSI run 100 workers
    /// and more over one connection, so the default of 1000 is well above that.</summary>
    public int MaxStreamsPerConnection { get; init; } = 1000;

    /// <summary>Run around every call, the first one outermost.</summary>
    public IReadOnlyList<GrpcInterceptor> Interceptors { get; init; } = [];

    /// <summary>Takes the log lines of this server and of Kestrel; by default nobody does.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}

using Grpc.Core;

namespace CsiTcmu.Grpc;

/// <summary>Runs around a call, for logs, measurements and mapping of exceptions. It sees whatever the service throws, may throw
/// something else, and need not call <paramref name="next"/> at all when it throws. A request that cannot be read never gets here.</summary>
/// <param name="call">The call, its request, and after <paramref name="next"/> its response.</param>
/// <param name="next">The rest: the next interceptor, at last the service.</param>
/// <returns>Ends with the call.</returns>
public delegate Task GrpcInterceptor(GrpcCall call, Func<Task> next);

/// <summary>A call as an interceptor sees it.</summary>
public sealed class GrpcCall
{
    private readonly CallContext _context;

    internal GrpcCall(MethodType type, object request, CallContext context)
    {
        Type = type;
        Request = request;
        _context = context;
    }

    /// <summary>The path of the method, for example <c>/csi.v1.Identity/Probe</c>.</summary>
    public string Method => _context.Method;

    /// <summary>The shape of the call.</summary>
    public MethodType Type { get; }

    /// <summary>The request message. It may hold secrets: a log shows it only after the fields marked <c>csi_secret</c> are removed.</summary>
    public object Request { get; }

    /// <summary>The response message of a unary call that succeeded; otherwise null.</summary>
    public object? Response { get; internal set; }

    /// <summary>The context that the service gets as well.</summary>
    public ServerCallContext Context => _context;

    /// <summary>The status that the caller gets when this exception leaves the call.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Never success.</returns>
    public Status StatusFor(Exception exception) => _context.StatusFor(exception);
}

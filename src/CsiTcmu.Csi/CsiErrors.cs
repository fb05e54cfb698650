using System.Text;
using CsiTcmu.Grpc;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi;

/// <summary>
/// How every failure becomes a gRPC status. Orchestrators read CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE and ABORTED as "it may have
/// happened, ask again" and most others as "it has not happened, forget it". So only a failure that is understood gets a final code:
/// whatever nobody foresaw is UNAVAILABLE, since a volume or a mount may be left behind.
/// </summary>
public static class CsiErrors
{
    /// <summary>A quoted value is cut after so many characters.</summary>
    private const int MaximumQuote = 160;

    /// <summary>A field is missing, malformed or not supported; the caller mends the request.</summary>
    /// <param name="message">Names the field and the fix.</param>
    public static RpcException InvalidArgument(string message) => Error(StatusCode.InvalidArgument, message);

    /// <summary>Makes an exception that ends the call.</summary>
    /// <param name="code">The code.</param>
    /// <param name="message">The sentence for people.</param>
    /// <param name="cause">The exception behind it; it stays on this side.</param>
    public static RpcException Error(StatusCode code, string message, Exception? cause = null) =>
        new(new Status(code, message, cause));

    /// <summary>The code of each kind of volume failure.</summary>
    /// <param name="error">The kind.</param>
    public static StatusCode CodeOf(VolumeError error) => error switch
    {
        VolumeError.InvalidArgument => StatusCode.InvalidArgument,
        VolumeError.NotFound => StatusCode.NotFound,
        VolumeError.Unauthenticated => StatusCode.Unauthenticated,
        VolumeError.AlreadyExists => StatusCode.AlreadyExists,
        VolumeError.Exhausted => StatusCode.ResourceExhausted,
        VolumeError.OutOfRange => StatusCode.OutOfRange,
        VolumeError.FailedPrecondition => StatusCode.FailedPrecondition,
        VolumeError.Aborted => StatusCode.Aborted,
        VolumeError.Unavailable => StatusCode.Unavailable,
        VolumeError.Internal => StatusCode.Internal,
        _ => StatusCode.Unavailable,
    };

    /// <summary>The status with which a failed call ends.</summary>
    /// <param name="exception">What the method threw.</param>
    /// <param name="call">The call: it knows whether its deadline passed or its caller gave up.</param>
    public static RpcException Translate(Exception exception, GrpcCall call)
    {
        ArgumentNullException.ThrowIfNull(exception);
        ArgumentNullException.ThrowIfNull(call);
        var method = MethodName(call.Method);
        return exception switch
        {
            RpcException { Status.Detail.Length: > 0 } rpc => rpc,

            // Generated service bases refuse without a word; the specification asks for one.
            RpcException { StatusCode: StatusCode.Unimplemented } => Error(
                StatusCode.Unimplemented, $"{method} is not implemented by this driver; its capabilities tell what is"),
            RpcException rpc => Error(rpc.StatusCode, $"{method} failed", rpc),

            VolumeException { Message.Length: > 0 } volume => Error(CodeOf(volume.Error), volume.Message, volume),
            VolumeException volume => Error(CodeOf(volume.Error), $"{method} failed", volume),

            OperationCanceledException when call.Context.CancellationToken.IsCancellationRequested => new RpcException(
                call.StatusFor(exception)),

            _ => Error(
                StatusCode.Unavailable,
                $"{method} met an unexpected error ({exception.GetType().Name}), which the log of the driver tells in full; repeat the call",
                exception),
        };
    }

    /// <summary>A value of the caller's in a message: in quotes, control characters escaped, long ones cut.</summary>
    /// <param name="value">The value.</param>
    internal static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var character in value.Take(MaximumQuote))
        {
            if (char.IsControl(character))
                text.Append($"\\u{(int)character:x4}");
            else
                text.Append(character);
        }

        if (value.Length > MaximumQuote)
            text.Append("...");
        return text.Append('"').ToString();
    }

    /// <summary>The last part of a method's path.</summary>
    /// <param name="path">For example <c>/csi.v1.Node/NodeGetInfo</c>.</param>
    internal static string MethodName(string path) => path[(path.LastIndexOf('/') + 1)..];
}

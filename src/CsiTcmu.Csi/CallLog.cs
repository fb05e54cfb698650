using System.Diagnostics;
using CsiTcmu.Grpc;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Csi;

/// <summary>
/// The interceptor around every call: gives each failure its code and writes one line per call, with the method, the request without
/// its secrets, the code and the time it took. Calls that change something are logged at Information, calls that only ask (which come
/// every few seconds) at Debug, failures at Warning, and those that are the driver's own at Error with the exception.
/// </summary>
/// <param name="logger">Takes the lines.</param>
public sealed class CallLog(ILogger logger)
{
    /// <summary>Runs around a call; to be put into <see cref="GrpcServerOptions.Interceptors"/>.</summary>
    /// <param name="call">The call.</param>
    /// <param name="next">The rest.</param>
    /// <exception cref="RpcException">The call failed.</exception>
    public async Task InterceptAsync(GrpcCall call, Func<Task> next)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(next);
        var method = CsiErrors.MethodName(call.Method);
        var start = Stopwatch.GetTimestamp();
        if (logger.IsEnabled(LogLevel.Trace))
            logger.LogTrace("{Method} {Request} begins", method, Describe(call));
        try
        {
            await next();
        }
        catch (Exception exception)
        {
            var failure = CsiErrors.Translate(exception, call);
            var level = LevelOf(failure.StatusCode);
            if (logger.IsEnabled(level))
            {
                logger.Log(
                    level,
                    level == LogLevel.Error ? exception : null,
                    "{Method} {Request} {Code} after {Milliseconds:0.0} ms: {Message}",
                    method, Describe(call), failure.StatusCode, Milliseconds(start), failure.Status.Detail);
            }

            throw failure;
        }

        var success = OnlyAsks(method) ? LogLevel.Debug : LogLevel.Information;
        if (logger.IsEnabled(success))
            logger.Log(success, "{Method} {Request} {Code} after {Milliseconds:0.0} ms", method, Describe(call), StatusCode.OK, Milliseconds(start));
    }

    private static string Describe(GrpcCall call) => call.Request is IMessage message ? Redactor.Redact(message) : "";

    private static double Milliseconds(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds;

    private static bool OnlyAsks(string method) =>
        method is "Probe" or "ValidateVolumeCapabilities"
        || method.Contains("Get", StringComparison.Ordinal)
        || method.Contains("List", StringComparison.Ordinal);

    /// <summary>Whose fault it is: the driver's own is an error, anything else a warning.</summary>
    private static LogLevel LevelOf(StatusCode code) => code switch
    {
        StatusCode.Internal or StatusCode.Unavailable or StatusCode.Unknown or StatusCode.DataLoss => LogLevel.Error,
        _ => LogLevel.Warning,
    };
}

using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc;

/// <summary>What happens to a call between the official server and the service: interceptors, and the rules for failures and stops
/// that docs/grpc.md tells.</summary>
internal sealed class CallInterceptor(IReadOnlyList<GrpcInterceptor> interceptors, RunningCalls calls, ILogger logger) : Interceptor
{
    /// <summary>Longest <c>grpc-timeout</c> that the protocol allows: eight digits and a unit.</summary>
    private const int MaxTimeoutLength = 9;

    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        where TRequest : class
        where TResponse : class =>
        (TResponse)(await RunAsync(MethodType.Unary, request, context, async call => await continuation(request, call)))!;

    /// <inheritdoc/>
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
        where TRequest : class
        where TResponse : class =>
        RunAsync(MethodType.ServerStreaming, request, context, async call =>
        {
            await continuation(request, new ResponseStream<TResponse>(responseStream, call), call);
            return null;
        });

    private async Task<object?> RunAsync(MethodType type, object request, ServerCallContext official, Func<CallContext, Task<object?>> service)
    {
        var http = official.GetHttpContext();
        var running = http.Features.GetRequiredFeature<RunningCall>();
        var context = new CallContext(official, http, calls.Aborted);
        running.IsRead = true;
        try
        {
            // On a thread of its own from the first line, so that a service that blocks does not hold back the answer when the server stops.
            var work = Task.Run(() => ServeAsync(new GrpcCall(type, request, context), context, HasNoTime(http, official), service));
            running.Service = work;
            var response = await work.WaitAsync(calls.Aborted);
            if (official.Status.StatusCode != StatusCode.OK)
                throw new RpcException(official.Status);
            return response;
        }
        catch (Exception e)
        {
            running.HasFailed = true;
            foreach (var trailer in (e as RpcException)?.Trailers ?? [])
                official.ResponseTrailers.Add(trailer);
            throw new RpcException(StatusOf(e, context));
        }
        finally
        {
            RemoveDetails(official.ResponseTrailers);
        }
    }

    private async Task<object?> ServeAsync(GrpcCall call, CallContext context, bool hasNoTime, Func<CallContext, Task<object?>> service)
    {
        using (context)
        {
            if (hasNoTime)
                throw new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline passed before the call began."));
            await InvokeAsync(call, 0, async () => call.Response = await service(context));
            if (call.Response is null && call.Type == MethodType.Unary)
                throw new InvalidOperationException($"{call.Method} has no response: the service returned none, or an interceptor left it out.");
            return call.Response;
        }
    }

    private Task InvokeAsync(GrpcCall call, int next, Func<Task> service) =>
        next < interceptors.Count ? interceptors[next](call, () => InvokeAsync(call, next + 1, service)) : service();

    private Status StatusOf(Exception exception, CallContext context)
    {
        var status = context.StatusFor(exception);
        if (context.IsUnforeseen(exception))
            logger.LogError(exception, "{Method} failed with an unforeseen exception, answered as {Status}", context.Method, status.StatusCode);
        else
            logger.LogDebug("{Method} failed: {Status}", context.Method, status);
        return new Status(status.StatusCode, StatusMessage.Cut(status.Detail));
    }

    /// <summary>The official server takes a timeout of nothing for none at all.</summary>
    private static bool HasNoTime(HttpContext http, ServerCallContext official) =>
        official.Deadline == DateTime.MaxValue
        && http.Request.Headers["grpc-timeout"].ToString() is { Length: >= 2 and <= MaxTimeoutLength } timeout
        && !timeout.AsSpan(0, timeout.Length - 1).ContainsAnyExceptInRange('0', '9')
        && "HMSmun".Contains(timeout[^1]);

    private static void RemoveDetails(Metadata trailers)
    {
        for (var i = trailers.Count - 1; i >= 0; i--)
        {
            if (trailers[i].Key.Equals("grpc-status-details-bin", StringComparison.Ordinal))
                trailers.RemoveAt(i);
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc;

/// <summary>Takes requests from Kestrel and turns each one into a call of a service.</summary>
/// <remarks>
/// The way of a call:
/// 1. Refuse what is not gRPC (HTTP status), an unknown method, and everything once the server stops.
/// 2. Read the headers, start the clock of the deadline, read and parse the one request message.
/// 3. Run interceptors and service in a task of their own, and wait for its end or for the call being given up, whichever is first.
/// 4. Answer. Service code that runs on after that keeps counting as a running call, so that a stop waits for it, and writes into a
///    closed response.
/// </remarks>
internal sealed class CallDispatcher(GrpcServerOptions options, MethodTable methods, RunningCalls calls, ILogger logger)
    : IHttpApplication<HttpContext>
{
    /// <summary>The content type of gRPC.</summary>
    public const string ContentType = "application/grpc";

    /// <summary>The name of no compression.</summary>
    public const string Identity = "identity";

    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = HttpMethods.Post;
            return;
        }

        if (!IsGrpc(context.Request.ContentType))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = ContentType;
        var path = context.Request.Path.Value ?? "";
        if (!methods.TryGet(path, out var method))
        {
            CallResponse.Refuse(context, new Status(StatusCode.Unimplemented, $"There is no method {path}."));
            return;
        }

        if (!calls.TryEnter())
        {
            CallResponse.Refuse(context, new Status(StatusCode.Unavailable, "The server is stopping; repeat the call."));
            return;
        }

        Task service = Task.CompletedTask;
        CallContext? call = null;
        try
        {
            call = new CallContext(CallRequest.From(context), options.MaxSendMessageSize, logger);
            service = await ServeAsync(context, method, call);
        }
        catch (RpcException e)
        {
            logger.LogDebug("{Method} refused: {Status}", path, e.Status);
            CallResponse.Refuse(context, e.Status);
        }
        finally
        {
            _ = LeaveAsync(call, service);
        }
    }

    /// <summary>Reads the request, runs the service, answers.</summary>
    /// <returns>The service's own task, which may still run.</returns>
    [SuppressMessage("Reliability", "MA0100", Justification = "Handing out the task unfinished is the point: the registrations end with the answer.")]
    private async Task<Task> ServeAsync(HttpContext context, BoundMethod method, CallContext call)
    {
        using var gone = context.RequestAborted.UnsafeRegister(static call => ((CallContext)call!).GiveUp(GiveUpReason.ClientGone), call);
        using var stop = calls.Aborted.UnsafeRegister(static call => ((CallContext)call!).GiveUp(GiveUpReason.ServerStops), call);

        if (await ReadRequestAsync(context, method, call) is not { } request)
            return Task.CompletedTask;

        var invocation = new GrpcCall(method, request, call);
        // On a thread of its own from the first line, so that a service that blocks does not hold back the answer at the deadline.
        var service = Task.Run(() => InvokeAsync(invocation, 0));
        await Task.WhenAny(service, call.GivenUp);
        try
        {
            if (service.IsCompleted)
                await AnswerAsync(invocation, call, service);
            else
                await AnswerGivenUpAsync(call);
        }
        catch (Exception e)
        {
            // Without a status the client must not take the stream for well ended.
            logger.LogWarning(e, "{Method}: the answer could not be sent", method.Path);
            context.Abort();
        }

        return service;
    }

    private async Task<object?> ReadRequestAsync(HttpContext context, BoundMethod method, CallContext call)
    {
        try
        {
            // The check, for a timeout of zero whose timer has no chance to be seen by a request that is already here.
            if (call.Deadline <= DateTime.UtcNow)
                call.GiveUp(GiveUpReason.Deadline);
            call.CancellationToken.ThrowIfCancellationRequested();
            var encoding = context.Request.Headers["grpc-encoding"] is [{ } name] ? name : null;
            return await RequestReader.ReadAsync(method, context.Request.BodyReader, encoding, options.MaxReceiveMessageSize, call.CancellationToken);
        }
        catch (RpcException e)
        {
            logger.LogDebug("{Method} refused: {Status}", method.Path, e.Status);
            if (e.StatusCode == StatusCode.Unimplemented)
                context.Response.Headers["grpc-accept-encoding"] = Identity;
            await call.Response.EndAsync(default, e.Status, null);
        }
        catch (OperationCanceledException) when (call.Reason != GiveUpReason.None)
        {
            await AnswerGivenUpAsync(call);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The stream broke while the request was on its way: Kestrel knows it before the token does.
            logger.LogDebug(e, "{Method}: the request did not arrive", method.Path);
            call.GiveUp(GiveUpReason.ClientGone);
            await AnswerGivenUpAsync(call);
        }

        return null;
    }

    private Task InvokeAsync(GrpcCall invocation, int next)
    {
        if (next < options.Interceptors.Count)
            return options.Interceptors[next](invocation, () => InvokeAsync(invocation, next + 1));
        return InvokeServiceAsync(invocation);
    }

    private static async Task InvokeServiceAsync(GrpcCall invocation) =>
        invocation.Response = await invocation.Bound.InvokeAsync(invocation.Request, (CallContext)invocation.Context);

    private async Task AnswerAsync(GrpcCall invocation, CallContext call, Task service)
    {
        ReadOnlyMemory<byte> frame = default;
        var status = call.Status;
        var trailers = call.ResponseTrailers;
        try
        {
            await service;
            if (status.StatusCode == StatusCode.OK && invocation.Type == MethodType.Unary)
                frame = Serialize(invocation);
        }
        catch (Exception e)
        {
            status = call.StatusFor(e);
            LogFailure(e, call, status);
            if (e is RpcException rpc)
                trailers = [.. trailers, .. rpc.Trailers];
        }

        if (call.Reason == GiveUpReason.ClientGone)
            await call.Response.AbandonAsync();
        else
            await call.Response.EndAsync(frame, status, trailers);
    }

    private ReadOnlyMemory<byte> Serialize(GrpcCall invocation)
    {
        var response = invocation.Response ?? throw new InvalidOperationException($"{invocation.Method} has no response: an interceptor left it out.");
        return invocation.Bound.Serialize(response, options.MaxSendMessageSize);
    }

    private Task AnswerGivenUpAsync(CallContext call)
    {
        var status = call.StatusOfGivingUp();
        logger.LogDebug("{Method} given up: {Status}", call.Method, status);
        return call.Reason == GiveUpReason.ClientGone ? call.Response.AbandonAsync() : call.Response.EndAsync(default, status, null);
    }

    private void LogFailure(Exception exception, CallContext call, Status status)
    {
        if (call.IsUnforeseen(exception))
            logger.LogError(exception, "{Method} failed with an unforeseen exception, answered as {Status}", call.Method, status.StatusCode);
        else
            logger.LogDebug("{Method} failed: {Status}", call.Method, status);
    }

    private async Task LeaveAsync(CallContext? call, Task service)
    {
        try
        {
            if (service.IsCompleted)
                return;
            await service;
        }
        catch (Exception e)
        {
            LogFailure(e, call!, call!.StatusFor(e));
        }
        finally
        {
            call?.Dispose();
            calls.Leave();
        }
    }

    private static bool IsGrpc(string? contentType)
    {
        // Parameters may follow; "+proto" is what plain "application/grpc" means; other message formats are not spoken here.
        var type = contentType.AsSpan();
        if (type.IndexOf(';') is >= 0 and var end)
            type = type[..end];
        type = type.Trim();
        return type.Equals(ContentType, StringComparison.OrdinalIgnoreCase)
            || type.Equals(ContentType + "+proto", StringComparison.OrdinalIgnoreCase);
    }
}

using Grpc.Core;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc;

/// <summary>Takes requests from Kestrel and hands them to the official server; counts them, and refuses them once the server stops.</summary>
/// <remarks>
/// The way of a call:
/// 1. Here it is counted as running.
/// 2. The official server starts the clock of its deadline, reads and parses the one request message.
/// 3. <see cref="CallInterceptor"/> runs interceptors and service.
/// 4. The official server answers. Service code that runs on after that keeps counting as a running call, so that a stop waits for it.
/// </remarks>
internal sealed class CallGate(RequestDelegate official, IServiceProvider services, RunningCalls calls, ILogger logger)
    : IHttpApplication<HttpContext>
{
    /// <inheritdoc/>
    public HttpContext CreateContext(IFeatureCollection contextFeatures) =>
        new DefaultHttpContext(contextFeatures) { RequestServices = services };

    /// <inheritdoc/>
    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!calls.TryEnter())
        {
            context.Response.ContentType = "application/grpc";
            SetStatus(context.Response.Headers, StatusCode.Unavailable, "The server is stopping; repeat the call.");
            return;
        }

        var call = new RunningCall();
        context.Features.Set(call);
        try
        {
            await official(context);
            ReplaceUnknown(context, call);
        }
        finally
        {
            _ = LeaveAsync(call.Service);
        }
    }

    /// <summary>The official server answers with UNKNOWN what fails in itself. To CSI callers that is final, which is right before the
    /// service ran, though INTERNAL names it better, and wrong after it.</summary>
    private static void ReplaceUnknown(HttpContext context, RunningCall call)
    {
        var headers = context.Response.HasStarted ? context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers : context.Response.Headers;
        if (call.HasFailed || headers.GrpcStatus != ((int)StatusCode.Unknown).ToString())
            return;
        if (call.IsRead)
            SetStatus(headers, StatusCode.Unavailable, "The response could not be sent; repeat the call.");
        else
            SetStatus(headers, StatusCode.Internal, "The request cannot be parsed.");
    }

    private static void SetStatus(IHeaderDictionary headers, StatusCode code, string message)
    {
        headers.GrpcStatus = ((int)code).ToString();
        headers.GrpcMessage = message;
    }

    private async Task LeaveAsync(Task service)
    {
        if (!service.IsCompleted)
        {
            await service.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (service.Exception?.InnerException is { } e and not RpcException)
                logger.LogError(e, "Service code that outlived its call failed with an unforeseen exception");
        }

        calls.Leave();
    }
}

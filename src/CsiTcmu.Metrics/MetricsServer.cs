using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CsiTcmu.Metrics;

/// <summary>
/// Serves metrics by HTTP at <c>/metrics</c> of one address. They are neither secret nor encrypted: who reaches the address reads them. An
/// address that means every interface is refused.
/// </summary>
/// <remarks>It is Kestrel alone, without a web host, as for gRPC.</remarks>
public sealed class MetricsServer : IAsyncDisposable
{
    private const string Path = "/metrics";
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);
    private readonly KestrelServer _kestrel;
    private readonly Application _application;

    /// <summary>A server that does not listen yet.</summary>
    /// <param name="endpoint">Address and port; port 0 for a free one.</param>
    /// <param name="sources">What is measured.</param>
    /// <param name="logging">Takes log lines.</param>
    public MetricsServer(IPEndPoint endpoint, IReadOnlyList<IMetricsSource> sources, ILoggerFactory logging)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = 16;
        options.Limits.MaxRequestBodySize = 0;
        options.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
        _kestrel = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), logging), logging);
        _application = new Application(sources, logging.CreateLogger<MetricsServer>());
    }

    /// <summary>Where it listens, once it does: <c>http://127.0.0.1:9810</c>.</summary>
    public string Address => _kestrel.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";

    /// <summary>Reads an endpoint: <c>ADDRESS:PORT</c>; an IPv6 address with brackets or without.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endpoint">The endpoint.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPEndPoint? endpoint)
    {
        ArgumentNullException.ThrowIfNull(text);
        endpoint = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text[(colon + 1)..], out var port)) return false;
        if (!IPAddress.TryParse(text[..colon].Trim('[', ']'), out var address)) return false;
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) return false;
        endpoint = new IPEndPoint(address, port);
        return true;
    }

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The address or port cannot be had.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default) => _kestrel.StartAsync(_application, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(LastWait);
        await _kestrel.StopAsync(limit.Token);
        _kestrel.Dispose();
    }

    private sealed class Application(IReadOnlyList<IMetricsSource> sources, ILogger logger) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        public async Task ProcessRequestAsync(HttpContext context)
        {
            if (context.Request.Path != Path)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                return;
            }

            var text = new MetricsText();
            foreach (var source in sources) await TryWriteAsync(source, text, context.RequestAborted);
            var bytes = Encoding.UTF8.GetBytes(text.ToString());
            context.Response.ContentType = MetricsText.ContentType;
            context.Response.ContentLength = bytes.Length;
            if (HttpMethods.IsGet(context.Request.Method)) await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }

        /// <summary>One source that fails takes nothing from the others.</summary>
        private async Task TryWriteAsync(IMetricsSource source, MetricsText text, CancellationToken cancellationToken)
        {
            try
            {
                await source.WriteAsync(text, cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.LogWarning("{Source} is not measured: {Reason}", source.GetType().Name, failure.Message);
            }
        }
    }
}

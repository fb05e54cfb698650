using System.Net;
using CsiTcmu.Metrics;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>Metrics, served when there is an endpoint for them.</summary>
internal static class Exposition
{
    /// <summary>Serves until disposed.</summary>
    /// <param name="endpoint">Where; null for nowhere.</param>
    /// <param name="sources">What is measured.</param>
    /// <param name="logging">Takes log lines.</param>
    /// <returns>Null when nothing is served. That the endpoint cannot be had is logged: volumes are more important than numbers.</returns>
    public static async Task<MetricsServer?> StartAsync(IPEndPoint? endpoint, IReadOnlyList<IMetricsSource> sources, ILoggerFactory logging)
    {
        if (endpoint is null) return null;
        var log = logging.CreateLogger("metrics");
        var server = new MetricsServer(endpoint, sources, logging);
        try
        {
            await server.StartAsync();
            log.LogInformation("Metrics on {Address}/metrics", server.Address);
            return server;
        }
        catch (IOException refusal)
        {
            log.LogError("No metrics: {Endpoint} cannot be had: {Reason}", endpoint, refusal.Message);
            await server.DisposeAsync();
            return null;
        }
    }
}

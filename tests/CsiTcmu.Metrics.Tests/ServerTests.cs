using System.Net;
using Microsoft.Extensions.Logging.Abstractions;

namespace CsiTcmu.Metrics.Tests;

/// <summary>The server, asked by HTTP.</summary>
public sealed class ServerTests
{
    [Fact]
    public async Task Metrics_are_served_and_a_source_that_fails_takes_nothing_from_the_others()
    {
        await using var server = new MetricsServer(new IPEndPoint(IPAddress.Loopback, 0), [new Broken(), new ProcessMetrics("1.2.3")], NullLoggerFactory.Instance);
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();

        using var response = await http.GetAsync(server.Address + "/metrics", TestContext.Current.CancellationToken);

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("csi_tcmu_build_info{version=\"1.2.3\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("csi_tcmu_gc_collections_total{generation=\"2\"}", text, StringComparison.Ordinal);
        var began = DateTimeOffset.FromUnixTimeSeconds((long)double.Parse(
            text.Split('\n').Single(line => line.StartsWith("process_start_time_seconds ", StringComparison.Ordinal)).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.InRange(began, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddSeconds(1));

        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(server.Address + "/", TestContext.Current.CancellationToken)).StatusCode);
        using var post = await http.PostAsync(server.Address + "/metrics", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.1:9810", "127.0.0.1:9810")]
    [InlineData("[::1]:9810", "[::1]:9810")]
    [InlineData("fd00::7:9810", "[fd00::7]:9810")]
    [InlineData("0.0.0.0:9810", null)]
    [InlineData("[::]:9810", null)]
    [InlineData(":9810", null)]
    [InlineData("9810", null)]
    [InlineData("localhost:9810", null)]
    [InlineData("127.0.0.1:70000", null)]
    public void Endpoint_is_one_address_and_a_port(string text, string? expected) =>
        Assert.Equal(expected, MetricsServer.TryParse(text, out var endpoint) ? endpoint.ToString() : null);

    private sealed class Broken : IMetricsSource
    {
        public Task WriteAsync(MetricsText text, CancellationToken cancellationToken) => throw new InvalidOperationException("broken");
    }
}

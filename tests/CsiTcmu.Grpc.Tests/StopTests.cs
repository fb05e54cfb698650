using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc.Tests;

public class StopTests
{
    [Theory]
    [InlineData(ForeignClient.Js)]
    [InlineData(ForeignClient.Python)]
    public async Task Running_calls_end_while_new_ones_are_refused(string client)
    {
        await using var server = await TestServer.StartAsync();
        var point = server.Service.Point("graceful");
        var running = ForeignClient.CallAsync(client, server, new Call("Wait", new { name = "graceful" }));
        await point.EnteredAsync();
        var stop = server.Grpc.StopAsync(TestServer.Patience);
        var refused = await ForeignClient.CallAsync(client, server, new Call("Echo"));
        Assert.False(stop.IsCompleted);
        point.Release();

        Assert.Equal(("UNAVAILABLE", "The server is stopping; repeat the call."), (refused.Code, refused.Details));
        var outcome = await running;
        Assert.Equal("OK", outcome.Code);
        Assert.Equal("released", Assert.Single(outcome.Responses).GetProperty("text").GetString());
        Assert.True(await stop);
        Assert.False(File.Exists(server.SocketPath));
    }

    [Theory]
    [InlineData(ForeignClient.Js)]
    [InlineData(ForeignClient.Python)]
    public async Task Calls_that_outlast_the_limit_are_cut_off_with_repeat(string client)
    {
        await using var server = await TestServer.StartAsync();
        var point = server.Service.Point("cut");
        var running = ForeignClient.CallAsync(client, server, new Call("Wait", new { name = "cut" }));
        await point.EnteredAsync();

        Assert.False(await server.Grpc.StopAsync(TimeSpan.FromMilliseconds(50)));
        await point.LeftAsync();
        var outcome = await running;
        Assert.Equal(("UNAVAILABLE", "The server stops before the call ended; repeat the call."), (outcome.Code, outcome.Details));
        Assert.False(File.Exists(server.SocketPath));
    }

    [Fact]
    public async Task A_service_that_heeds_nothing_does_not_hold_the_stop_for_ever()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var point = server.Service.Point("deaf");
        var running = client.SendAsync(RawClient.Wait, RawClient.Frame(new WaitRequest { Name = "deaf", Deaf = true }));
        await point.EnteredAsync();

        Assert.False(await server.Grpc.StopAsync(TimeSpan.Zero));
        Assert.Equal("14", (await running).Status);
        Assert.Contains(server.Log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("still run"));
        point.Release();
        await point.LeftAsync();
    }

    [Fact]
    public async Task A_service_that_outlives_its_call_still_counts_as_running()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var point = server.Service.Point("outlives");
        var request = RawClient.Frame(new WaitRequest { Name = "outlives", Deaf = true });
        Assert.Equal("4", (await client.SendAsync(RawClient.Wait, request, ("grpc-timeout", "100m"))).Status);
        await point.EnteredAsync();

        var stop = server.Grpc.StopAsync(TestServer.Patience);
        Assert.False(stop.IsCompleted);
        point.Release();
        Assert.True(await stop);
    }

    [Fact]
    public async Task An_idle_server_stops_at_once_and_more_than_once()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        Assert.Equal("0", (await client.SendAsync(RawClient.Echo, RawClient.Frame(new EchoRequest()))).Status);

        Assert.True(await server.Grpc.StopAsync(TestServer.Patience).WaitAsync(TestServer.Patience));
        Assert.True(await server.Grpc.StopAsync(TimeSpan.Zero));
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.Grpc.StartAsync());
    }
}

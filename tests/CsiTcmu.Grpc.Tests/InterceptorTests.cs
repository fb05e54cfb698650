using Grpc.Core;

namespace CsiTcmu.Grpc.Tests;

public class InterceptorTests
{
    private static readonly byte[] Hello = RawClient.Frame(new EchoRequest { Text = "hello" });

    [Fact]
    public async Task They_run_in_order_around_the_call_and_see_request_and_response()
    {
        var seen = new List<string>();
        await using var server = await TestServer.StartAsync(interceptors: [Named("outer"), Named("inner")]);
        using var client = new RawClient(server.SocketPath);

        Assert.Equal("0", (await client.SendAsync(RawClient.Echo, Hello)).Status);
        Assert.Equal(
            ["outer before: Unary /csitcmu.test.Wire/Echo hello ", "inner before: Unary /csitcmu.test.Wire/Echo hello ", "inner after: hello", "outer after: hello"],
            seen);

        GrpcInterceptor Named(string name) => async (call, next) =>
        {
            seen.Add($"{name} before: {call.Type} {call.Method} {((EchoRequest)call.Request).Text} {call.Response}");
            await next();
            seen.Add($"{name} after: {((EchoReply)call.Response!).Text}");
        };
    }

    [Fact]
    public async Task They_map_exceptions_and_know_the_status_that_one_will_become()
    {
        Status? told = null;
        await using var server = await TestServer.StartAsync(interceptors:
        [
            async (call, next) =>
            {
                try
                {
                    await next();
                }
                catch (Exception e)
                {
                    told = call.StatusFor(e);
                    throw;
                }
            },
            async (_, next) =>
            {
                try
                {
                    await next();
                }
                catch (FormatException e)
                {
                    throw new RpcException(new Status(StatusCode.FailedPrecondition, "mapped", e));
                }
            },
        ]);
        using var client = new RawClient(server.SocketPath);
        var mapped = await client.SendAsync("/csitcmu.test.Wire/Fail", RawClient.Frame(new FailRequest { Way = FailRequest.Types.Way.Exception }));
        Assert.Equal(("9", "mapped", StatusCode.FailedPrecondition), (mapped.Status, mapped.Message, told!.Value.StatusCode));

        var unforeseen = await client.SendAsync("/csitcmu.test.Wire/Fail", RawClient.Frame(new FailRequest { Way = FailRequest.Types.Way.OwnTimeout }));
        Assert.Equal(("14", StatusCode.Unavailable), (unforeseen.Status, told!.Value.StatusCode));
    }

    [Fact]
    public async Task One_that_swallows_a_call_cannot_make_it_look_done()
    {
        await using var server = await TestServer.StartAsync(interceptors: (_, _) => Task.CompletedTask);
        using var client = new RawClient(server.SocketPath);
        Assert.Equal("14", (await client.SendAsync(RawClient.Echo, Hello)).Status);
    }

    [Fact]
    public async Task They_see_streams_too()
    {
        var types = new List<MethodType>();
        await using var server = await TestServer.StartAsync(interceptors: (call, next) =>
        {
            types.Add(call.Type);
            return next();
        });
        using var client = new RawClient(server.SocketPath);
        Assert.Equal("0", (await client.SendAsync(RawClient.Count, RawClient.Frame(new CountRequest { Messages = 2 }))).Status);
        Assert.Equal([MethodType.ServerStreaming], types);
    }
}

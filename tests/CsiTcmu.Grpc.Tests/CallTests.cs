using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc.Tests;

/// <summary>Calls as clients written by others see them: grpc-js (pure JavaScript) and grpcio (gRPC's C core).</summary>
public class CallTests
{
    public static TheoryData<string> Clients => [ForeignClient.Js, ForeignClient.Python];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_unary_call_carries_text_bytes_and_what_the_service_may_know(string client)
    {
        await using var server = await TestServer.StartAsync();
        var payload = Convert.ToBase64String(Enumerable.Range(0, 256).Select(i => (byte)i).ToArray());
        var outcome = await ForeignClient.CallAsync(client, server, new Call("Echo", new { text = "Grüße, 世界 🌍", payload }));

        Assert.Equal(("OK", ""), (outcome.Code, outcome.Details ?? ""));
        var reply = Assert.Single(outcome.Responses);
        Assert.Equal("Grüße, 世界 🌍", reply.GetProperty("text").GetString());
        Assert.Equal(payload, reply.GetProperty("payload").GetString());
        Assert.Equal("/csitcmu.test.Wire/Echo", reply.GetProperty("method").GetString());
        Assert.Equal("localhost", reply.GetProperty("host").GetString());
        Assert.Equal("-1", reply.GetProperty("milliseconds_left").GetString());
        Assert.Matches(@"^unix:pid=[1-9][0-9]*,uid=[0-9]+,gid=[0-9]+$", reply.GetProperty("peer").GetString());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Metadata_travels_both_ways(string client)
    {
        await using var server = await TestServer.StartAsync();
        var echo = new Call("Echo") { Metadata = new() { ["x-text"] = "plain value", ["x-bytes-bin"] = Convert.ToBase64String([0, 1, 254, 255]) } };
        var count = new Call("Count", new { messages = 1, metadata = true });
        var outcomes = await ForeignClient.CallAsync(client, server, null, echo, count);

        var headers = Assert.Single(outcomes[0].Responses).GetProperty("headers");
        Assert.Equal("plain value", headers.GetProperty("x-text").GetString());
        Assert.Equal("0001FEFF", headers.GetProperty("x-bytes-bin").GetString());
        Assert.StartsWith("grpc-", headers.GetProperty("user-agent").GetString());
        Assert.Equal("OK", outcomes[1].Code);
        Assert.Equal("first", outcomes[1].Headers["x-head"]);
        Assert.Equal("AQ==", outcomes[1].Headers["x-head-bin"]);
        Assert.Equal("last", outcomes[1].Trailers["x-tail"]);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Every_status_code_arrives_with_its_message(string client)
    {
        await using var server = await TestServer.StartAsync();
        var codes = Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK).ToArray();
        var calls = codes.Select(code => new Call("Fail", new { way = "STATUS", code = (int)code, detail = $"100% {code}\n– ünïcode 🚫" }));
        var outcomes = await ForeignClient.CallAsync(client, server, null, [.. calls]);

        Assert.Equal(
            codes.Select(code => (WireName(code), (string?)$"100% {code}\n– ünïcode 🚫")),
            outcomes.Select(outcome => (outcome.Code, outcome.Details)));
        Assert.All(outcomes, outcome => Assert.Empty(outcome.Responses));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task What_nobody_foresaw_is_answered_with_repeat_and_logged_in_full(string client)
    {
        await using var server = await TestServer.StartAsync();
        string[] ways = ["EXCEPTION", "OWN_TIMEOUT", "NO_RESPONSE", "STATUS_OK"];
        var outcomes = await ForeignClient.CallAsync(client, server, null, [.. ways.Select(way => new Call("Fail", new { way }))]);

        Assert.All(outcomes, outcome =>
        {
            Assert.Equal("UNAVAILABLE", outcome.Code);
            Assert.Contains("internal error occurred in /csitcmu.test.Wire/Fail", outcome.Details);
            Assert.DoesNotContain(WireService.Secret, outcome.Details);
        });
        Assert.Equal(ways.Length, server.Log.Lines.Count(line => line is { Level: LogLevel.Error, Exception: not null }));
        Assert.Contains(server.Log.Lines, line => line.Exception is FormatException { Message: WireService.Secret });
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_status_may_come_from_the_context_and_trailers_from_both_but_never_details(string client)
    {
        await using var server = await TestServer.StartAsync();
        var outcomes = await ForeignClient.CallAsync(
            client,
            server,
            null,
            new Call("Fail", new { way = "CONTEXT_STATUS", code = (int)StatusCode.NotFound, detail = "not here" }),
            new Call("Fail", new { way = "WITH_TRAILERS", code = (int)StatusCode.OutOfRange, detail = "too far" }));

        Assert.Equal(("NOT_FOUND", "not here"), (outcomes[0].Code, outcomes[0].Details));
        Assert.Empty(outcomes[0].Responses);
        Assert.Equal(("OUT_OF_RANGE", "too far"), (outcomes[1].Code, outcomes[1].Details));
        Assert.Equal("from the context", outcomes[1].Trailers["x-first"]);
        Assert.Equal("from the exception", outcomes[1].Trailers["x-second"]);
        Assert.Equal(Convert.ToBase64String([0, 255, 7]), outcomes[1].Trailers["x-bytes-bin"]);
        Assert.DoesNotContain("grpc-status-details-bin", outcomes[1].Trailers.Keys);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Unknown_methods_and_services_are_unimplemented(string client)
    {
        await using var server = await TestServer.StartAsync();
        var outcomes = await ForeignClient.CallAsync(
            client, server, null, new Call("Echo") { Path = "/csitcmu.test.Wire/Nothing" }, new Call("Echo") { Path = "/no.Such/Echo" });

        Assert.Equal(("UNIMPLEMENTED", "Method is unimplemented."), (outcomes[0].Code, outcomes[0].Details));
        Assert.Equal(("UNIMPLEMENTED", "Service is unimplemented."), (outcomes[1].Code, outcomes[1].Details));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_stream_carries_all_messages_in_order_and_then_the_status(string client)
    {
        await using var server = await TestServer.StartAsync();
        var outcomes = await ForeignClient.CallAsync(
            client,
            server,
            null,
            new Call("Count", new { messages = 500, size = 10_000 }),
            new Call("Count", new { messages = 0 }),
            new Call("Count", new { messages = 3, code = (int)StatusCode.Aborted }),
            new Call("Count", new { messages = 0, code = (int)StatusCode.Aborted }));

        Assert.Equal(["OK", "OK", "ABORTED", "ABORTED"], outcomes.Select(outcome => outcome.Code));
        Assert.Equal(Enumerable.Range(1, 500), outcomes[0].Responses.Select(reply => reply.GetProperty("number").GetInt32()));
        Assert.Equal([500, 0, 3, 0], outcomes.Select(outcome => outcome.Responses.Length));
        Assert.Equal("after the messages", outcomes[2].Details);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Messages_up_to_the_limits_pass_and_larger_ones_do_not(string client)
    {
        await using var server = await TestServer.StartAsync();
        const int limit = GrpcServerOptions.DefaultMaxMessageSize;
        var largest = new EchoRequest { Payload = ByteString.CopyFrom(new byte[limit - 5]) };
        Assert.Equal(limit, largest.CalculateSize());
        var unlimited = new Dictionary<string, int> { ["grpc.max_receive_message_length"] = -1, ["grpc.max_send_message_length"] = -1 };

        // One after another: several of that size at once would only measure the machine.
        var fits = await ForeignClient.CallAsync(client, server, unlimited, Sized(limit - 5));
        var tooLong = await ForeignClient.CallAsync(client, server, unlimited, Sized(limit - 4));
        var reply = await ForeignClient.CallAsync(client, server, unlimited, new Call("Echo", new { reply_size = limit }));
        var stream = await ForeignClient.CallAsync(client, server, unlimited, new Call("Count", new { messages = 1, size = limit }));

        // The reply is longer than the request, so the request that just fits has no reply that does.
        Assert.Equal(["RESOURCE_EXHAUSTED"], new[] { fits[0], tooLong[0], reply[0], stream[0] }.Select(outcome => outcome.Code).Distinct());
        Assert.StartsWith("Sending message exceeds", fits[0].Details);
        Assert.StartsWith("Received message exceeds", tooLong[0].Details);
        Assert.StartsWith("Sending message exceeds", reply[0].Details);
        Assert.StartsWith("Sending message exceeds", stream[0].Details);

        static Call Sized(int payload) => new("Echo", new { payload = Convert.ToBase64String(new byte[payload]) });
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Compressed_requests_are_refused(string client)
    {
        await using var server = await TestServer.StartAsync();
        var gzip = new Dictionary<string, int> { ["grpc.default_compression_algorithm"] = 2 };
        var outcome = Assert.Single(await ForeignClient.CallAsync(client, server, gzip, new Call("Echo", new { text = new string('a', 5000) })));

        Assert.Equal("UNIMPLEMENTED", outcome.Code);
        Assert.Contains("Unsupported grpc-encoding value 'gzip'", outcome.Details);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task The_service_knows_the_deadline_and_sees_it_pass(string client)
    {
        await using var server = await TestServer.StartAsync();
        var point = server.Service.Point("deadline");
        var outcomes = await ForeignClient.CallAsync(
            client, server, null, new Call("Echo") { TimeoutMs = 50_000 }, new Call("Wait", new { name = "deadline" }) { TimeoutMs = 3000 });

        var left = long.Parse(Assert.Single(outcomes[0].Responses).GetProperty("milliseconds_left").GetString()!);
        Assert.InRange(left, 1, 50_000);
        Assert.Equal("DEADLINE_EXCEEDED", outcomes[1].Code);
        await point.Cancelled.WaitAsync(TestServer.Patience);
        await point.LeftAsync();
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task The_service_sees_the_client_cancel(string client)
    {
        await using var server = await TestServer.StartAsync();
        var waiting = server.Service.Point("waiting");
        // Of many that are cancelled in the middle of a message some meet an output that is closed before the token tells.
        var endless = Enumerable.Repeat(new Call("Count", new { messages = 100_000_000, metadata = true, wait = "never" }) { CancelOnHeaders = true }, 20);
        var outcomes = await ForeignClient.CallAsync(
            client, server, null, [new Call("Count", new { messages = 1, metadata = true, wait = "waiting" }) { CancelOnHeaders = true }, .. endless]);

        Assert.All(outcomes, outcome => Assert.Equal("CANCELLED", outcome.Code));
        await waiting.Cancelled.WaitAsync(TestServer.Patience);
        waiting.Release();
        await waiting.LateWriteDone.Task.WaitAsync(TestServer.Patience);
        Assert.IsType<OperationCanceledException>(waiting.LateWrite, exactMatch: false);
        // A stop in no time: the endless streams have ended as well.
        Assert.True(await server.Grpc.StopAsync(TestServer.Patience));
        Assert.DoesNotContain(server.Log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task The_service_sees_the_client_die()
    {
        await using var server = await TestServer.StartAsync();
        var job = $$$"""
            {"endpoint": "{{{server.Endpoint}}}", "proto": "{{{server.DescriptorFile}}}", "service": "csitcmu.test.Wire",
             "calls": [{"method": "Wait", "request": {"name": "dies"}}]}
            """;
        using var client = ForeignClient.Start("/usr/bin/python3", [Path.Combine(ForeignClient.Clients, "call.py")]);
        await client.StandardInput.WriteAsync(job);
        client.StandardInput.Close();
        var point = server.Service.Point("dies");
        await point.EnteredAsync();
        client.Kill();

        await point.Cancelled.WaitAsync(TestServer.Patience);
        await point.LeftAsync();
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Three_hundred_calls_run_at_once_on_one_connection(string client)
    {
        await using var server = await TestServer.StartAsync();
        var point = server.Service.Point("many");
        var calls = ForeignClient.CallAsync(client, server, null, new Call("Wait", new { name = "many" }) { Times = 300 });
        await point.EnteredAsync(300);
        Assert.Equal(300, point.MostInside);
        point.Release();

        Assert.Equal(300, (await calls).Count(outcome => outcome.Code == "OK"));
    }

    [Fact]
    public async Task The_limit_of_streams_holds_calls_back_in_the_client()
    {
        await using var server = await TestServer.StartAsync(maxStreams: 7);
        var point = server.Service.Point("few");
        var calls = ForeignClient.CallAsync(ForeignClient.Js, server, null, new Call("Wait", new { name = "few" }) { Times = 30 });
        await point.EnteredAsync(7);
        point.Release();

        Assert.Equal(30, (await calls).Count(outcome => outcome.Code == "OK"));
        Assert.Equal(7, point.MostInside);
    }

    private static string WireName(StatusCode code) => string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}

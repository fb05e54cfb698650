using System.Text;

namespace CsiTcmu.Grpc.Tests;

/// <summary>The wire itself, with requests that no decent client sends.</summary>
public class RawTests
{
    private const string Ok = "0", DeadlineExceeded = "4", ResourceExhausted = "8", Unimplemented = "12", Internal = "13";

    /// <summary>The code of a reset that cancels a stream, RFC 9113, section 7.</summary>
    private const long Cancel = 8;

    private static readonly byte[] Hello = RawClient.Frame(new EchoRequest { Text = "hello" });

    [Fact]
    public async Task A_success_is_headers_message_and_trailers()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(RawClient.Echo, Hello);

        Assert.Equal((200, "application/grpc"), (response.HttpStatus, response.Headers["content-type"]));
        Assert.False(response.IsTrailersOnly);
        Assert.Equal(["grpc-status"], response.Trailers.Keys);
        Assert.Equal(Ok, response.Status);
        Assert.Equal(0, response.Body[0]);
        Assert.Equal("hello", EchoReply.Parser.ParseFrom(response.Body, 5, response.Body.Length - 5).Text);
        Assert.DoesNotContain("server", response.Headers.Keys);
    }

    [Fact]
    public async Task A_failure_is_one_block_of_headers_with_the_message_percent_encoded()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var request = new FailRequest { Way = FailRequest.Types.Way.Status, Code = 5, Detail = "50% of ~ü\n\ud83d\ude80" };
        var response = await client.SendAsync("/csitcmu.test.Wire/Fail", RawClient.Frame(request));

        Assert.Equal((200, "application/grpc"), (response.HttpStatus, response.Headers["content-type"]));
        Assert.True(response.IsTrailersOnly);
        Assert.Empty(response.Body);
        Assert.Empty(response.Trailers);
        Assert.Equal(("5", "50%25 of ~%C3%BC%0A%F0%9F%9A%80"), (response.Status, response.Message));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("application/grpcx")]
    [InlineData(null)]
    public async Task Other_content_types_are_unsupported(string? contentType)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(HttpMethod.Post, RawClient.Echo, new ByteArrayContent(Hello), contentType);

        Assert.Equal(415, response.HttpStatus);
    }

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc; charset=utf-8")]
    [InlineData("Application/gRPC")]
    public async Task The_content_type_may_be_said_in_other_ways(string contentType)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        Assert.Equal(Ok, (await client.SendAsync(HttpMethod.Post, RawClient.Echo, new ByteArrayContent(Hello), contentType)).Status);
    }

    [Fact]
    public async Task Only_post_is_served()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(HttpMethod.Put, RawClient.Echo, new ByteArrayContent(Hello), "application/grpc");

        Assert.Equal((404, null), (response.HttpStatus, response.Status));
    }

    [Fact]
    public async Task A_compressed_message_is_unimplemented_and_the_answer_says_what_is()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(RawClient.Echo, RawClient.Frame(1, [1, 2, 3]), ("grpc-encoding", "gzip"));

        Assert.Equal((Unimplemented, "identity"), (response.Status, response.Headers["grpc-accept-encoding"]));
    }

    [Fact]
    public async Task An_uncompressed_message_passes_whatever_the_encoding_of_others_would_be()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        Assert.Equal(Ok, (await client.SendAsync(RawClient.Echo, Hello, ("grpc-encoding", "gzip"))).Status);
        Assert.Equal(Ok, (await client.SendAsync(RawClient.Echo, Hello, ("grpc-encoding", "identity"))).Status);
    }

    public static TheoryData<string, byte[], string[], string, string> BadBodies => new()
    {
        { "flag without encoding", RawClient.Frame(1, [1]), [], Internal, "did not include grpc-encoding" },
        { "flag with identity", RawClient.Frame(1, [1]), ["grpc-encoding", "identity"], Internal, "sent 'identity'" },
        { "unknown flag", RawClient.Frame(7, []), [], Internal, "cannot be parsed" },
        { "cut in the header", Hello[..3], [], Internal, "Incomplete message" },
        { "cut after the header", Hello[..5], [], Internal, "Incomplete message" },
        { "cut in the message", Hello[..^1], [], Internal, "Incomplete message" },
        { "no message", [], [], Internal, "Incomplete message" },
        { "two messages", [.. Hello, .. Hello], [], Internal, "Additional data" },
        { "one byte too many", [.. Hello, 0], [], Internal, "Additional data" },
        { "not protobuf", RawClient.Frame(0, [0x0a, 0xff, 0xff]), [], Internal, "cannot be parsed" },
        { "text that is not UTF-8", RawClient.Frame(0, [0x0a, 0x02, 0xc3, 0x28, 0x0f]), [], Internal, "cannot be parsed" },
        { "a length past every limit", RawClient.Frame(0, [1], claimedLength: -1), [], Internal, "cannot be parsed" },
        { "a length past the limit", RawClient.Frame(0, [1], claimedLength: 4 * 1024 * 1024 + 1), [], ResourceExhausted, "exceeds the maximum" },
    };

    [Theory]
    [MemberData(nameof(BadBodies), DisableDiscoveryEnumeration = true)]
    public async Task A_bad_request_never_reaches_the_service(string what, byte[] body, string[] header, string status, string message)
    {
        var served = 0;
        await using var server = await TestServer.StartAsync(interceptors: (_, next) =>
        {
            Interlocked.Increment(ref served);
            return next();
        });
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(RawClient.Echo, body, header is [var name, var value] ? [(name, value)] : []);

        Assert.True(response.IsTrailersOnly, what);
        Assert.Equal((what, status), (what, response.Status));
        Assert.Contains(message, response.Message);
        Assert.Equal(0, served);
        // The connection is as good as before.
        Assert.Equal(Ok, (await client.SendAsync(RawClient.Echo, Hello)).Status);
    }

    [Fact]
    public async Task A_large_request_is_refused_before_it_is_sent()
    {
        await using var server = await TestServer.StartAsync(maxReceive: 100);
        using var client = new RawClient(server.SocketPath);
        var body = new OpenContent(RawClient.Frame(0, [], claimedLength: 101));
        var response = await client.SendAsync(HttpMethod.Post, RawClient.Echo, body, "application/grpc");
        body.End();

        Assert.Equal((200, ResourceExhausted), (response.HttpStatus, response.Status));
    }

    [Fact]
    public async Task The_deadline_is_answered_even_while_the_service_does_not_heed_it()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        foreach (var blocking in new[] { false, true })
        {
            var name = $"deaf-{blocking}";
            var point = server.Service.Point(name);
            var request = new WaitRequest { Name = name, Deaf = true, Blocking = blocking };
            var response = await client.SendAsync(RawClient.Wait, RawClient.Frame(request), ("grpc-timeout", "300m"));

            Assert.True(response.IsTrailersOnly);
            Assert.Equal(DeadlineExceeded, response.Status);
            await point.EnteredAsync();
            await point.Cancelled.WaitAsync(TestServer.Patience);
            point.Release();
            await point.LeftAsync();
        }
    }

    [Fact]
    public async Task The_deadline_ends_a_stream_after_its_messages_and_later_writes_go_nowhere()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var point = server.Service.Point("late");
        var response = await client.SendAsync(
            RawClient.Count, RawClient.Frame(new CountRequest { Messages = 2, Wait = "late" }), ("grpc-timeout", "2S"));

        Assert.False(response.IsTrailersOnly);
        Assert.Equal(DeadlineExceeded, response.Status);
        Assert.Equal(RawClient.Frame(new CountReply { Number = 1 }).Length * 2, response.Body.Length);
        await point.Cancelled.WaitAsync(TestServer.Patience);
        point.Release();
        await point.LateWriteDone.Task.WaitAsync(TestServer.Patience);
        Assert.IsType<OperationCanceledException>(point.LateWrite, exactMatch: false);
    }

    [Fact]
    public async Task The_deadline_runs_while_the_request_is_on_its_way()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var body = new OpenContent(Hello[..7]);
        var answer = client.SendAsync(HttpMethod.Post, RawClient.Echo, body, "application/grpc", ("grpc-timeout", "200m"));
        // The status, and then a reset, since the rest of the request is of no use; HttpClient may tell of the reset alone.
        var reset = await Record.ExceptionAsync(() => answer.WaitAsync(TestServer.Patience));
        body.End();

        if (reset is null)
            Assert.Equal(DeadlineExceeded, (await answer).Status);
        else
            Assert.Equal(Cancel, Assert.IsType<HttpProtocolException>(Assert.IsType<HttpRequestException>(reset).InnerException).ErrorCode);
    }

    [Fact]
    public async Task A_client_that_does_not_read_cannot_hold_a_call_past_its_deadline()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var endless = RawClient.Frame(new CountRequest { Messages = int.MaxValue, Size = 10_000 });
        using var unread = await client.BeginAsync(RawClient.Count, endless, ("grpc-timeout", "1S"));

        // A graceful stop waits for the service, which waits for the client.
        Assert.True(await server.Grpc.StopAsync(TestServer.Patience));
        Assert.DoesNotContain(server.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Theory]
    [InlineData("0n")]
    [InlineData("0H")]
    public async Task A_deadline_that_has_passed_does_not_reach_the_service(string timeout)
    {
        var served = 0;
        await using var server = await TestServer.StartAsync(interceptors: (_, next) =>
        {
            Interlocked.Increment(ref served);
            return next();
        });
        using var client = new RawClient(server.SocketPath);

        Assert.Equal(DeadlineExceeded, (await client.SendAsync(RawClient.Echo, Hello, ("grpc-timeout", timeout))).Status);
        Assert.Equal(0, served);
    }

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("20M", 1_200_000)]
    [InlineData("600S", 600_000)]
    [InlineData("600000m", 600_000)]
    [InlineData("90000000u", 90_000)]
    [InlineData("99999999n", 99)]
    [InlineData("99999999H", long.MaxValue)]
    [InlineData("10x", -1)]
    public async Task Deadlines_are_read_in_every_unit_and_malformed_ones_ignored(string timeout, long milliseconds)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(RawClient.Echo, Hello, ("grpc-timeout", timeout));
        if (response.Status == DeadlineExceeded && milliseconds < 1000)
            return;

        var left = EchoReply.Parser.ParseFrom(response.Body, 5, response.Body.Length - 5).MillisecondsLeft;
        Assert.InRange(left, milliseconds < 0 ? -1 : 0, milliseconds);
        Assert.True(left > milliseconds / 2 || milliseconds is < 1000 or long.MaxValue, $"{left} ms are left");
    }

    [Fact]
    public async Task Metadata_with_several_values_is_read_as_they_stand()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var response = await client.SendAsync(RawClient.Echo, Hello, ("X-Mixed", "a, b"), ("x-one-bin", "AwQ"));

        var headers = EchoReply.Parser.ParseFrom(response.Body, 5, response.Body.Length - 5).Headers;
        Assert.Equal("a, b", headers["x-mixed"]);
        Assert.Equal("0304", headers["x-one-bin"]);
        Assert.DoesNotContain(":authority", headers.Keys);
        Assert.DoesNotContain("host", headers.Keys);
    }

    [Fact]
    public async Task A_message_in_many_small_pieces_is_put_together()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        var text = new string('x', 3000);
        var body = new TrickleContent(RawClient.Frame(new EchoRequest { Text = text }), 7);
        var response = await client.SendAsync(HttpMethod.Post, RawClient.Echo, body, "application/grpc");

        Assert.Equal(text, EchoReply.Parser.ParseFrom(response.Body, 5, response.Body.Length - 5).Text);
    }

    [Fact]
    public async Task A_connection_stays_while_it_is_idle()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new RawClient(server.SocketPath);
        Assert.Equal(Ok, (await client.SendAsync(RawClient.Echo, Hello)).Status);
        // Kestrel looks for idle connections once a second.
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Equal(Ok, (await client.SendAsync(RawClient.Echo, Hello)).Status);
        Assert.Equal(1, client.Connections);
    }

    [Fact]
    public async Task Http_1_is_not_served()
    {
        await using var server = await TestServer.StartAsync();
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(server.SocketPath));
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        var answer = new byte[4096];
        var length = await socket.ReceiveAsync(answer).WaitAsync(TestServer.Patience);

        Assert.DoesNotContain("200", Encoding.Latin1.GetString(answer, 0, length));
    }

    private sealed class TrickleContent(byte[] bytes, int piece) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (var at = 0; at < bytes.Length; at += piece)
            {
                await stream.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

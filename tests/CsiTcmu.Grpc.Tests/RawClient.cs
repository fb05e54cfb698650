using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;

namespace CsiTcmu.Grpc.Tests;

/// <summary>Sends whatever bytes a test wants as the body of an HTTP/2 request, and reads the answer without a gRPC library.</summary>
internal sealed class RawClient : IDisposable
{
    public const string Echo = "/csitcmu.test.Wire/Echo";
    public const string Wait = "/csitcmu.test.Wire/Wait";
    public const string Count = "/csitcmu.test.Wire/Count";

    private readonly HttpClient _http;
    private int _connections;

    public RawClient(string socketPath)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                Interlocked.Increment(ref _connections);
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>How many connections it took.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public static byte[] Frame(byte flag, byte[] message, int? claimedLength = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), claimedLength ?? message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public static byte[] Frame(IMessage message) => Frame(0, message.ToByteArray());

    public Task<RawResponse> SendAsync(string path, byte[] body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, new ByteArrayContent(body), "application/grpc", headers);

    /// <summary>Begins a call and reads nothing of its response but the headers.</summary>
    public async Task<IDisposable> BeginAsync(string path, byte[] body, params (string Name, string Value)[] headers)
    {
        using var request = Request(HttpMethod.Post, path, new ByteArrayContent(body), "application/grpc", headers);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async Task<RawResponse> SendAsync(
        HttpMethod method, string path, HttpContent? body, string? contentType, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path, body, contentType, headers);
        using var limit = new CancellationTokenSource(TestServer.Patience);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        var bytes = await response.Content.ReadAsByteArrayAsync(limit.Token);
        return new RawResponse(
            (int)response.StatusCode,
            Flat(response.Headers, response.Content.Headers),
            bytes,
            Flat(response.TrailingHeaders));
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(
        HttpMethod method, string path, HttpContent? body, string? contentType, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, "http://localhost" + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        if (contentType is not null)
            body?.Headers.TryAddWithoutValidation("content-type", contentType);
        return request;
    }

    private static Dictionary<string, string> Flat(params HttpHeaders[] headers) => headers
        .SelectMany(h => h.NonValidated)
        .ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase);
}

/// <summary>An HTTP answer.</summary>
internal sealed record RawResponse(int HttpStatus, Dictionary<string, string> Headers, byte[] Body, Dictionary<string, string> Trailers)
{
    /// <summary>Whether the status came in the one block of headers, with no body.</summary>
    public bool IsTrailersOnly => Headers.ContainsKey("grpc-status");

    public string? Status => (IsTrailersOnly ? Headers : Trailers).GetValueOrDefault("grpc-status");

    public string? Message => (IsTrailersOnly ? Headers : Trailers).GetValueOrDefault("grpc-message");
}

/// <summary>A body that sends some bytes and then stays open until it is told to end.</summary>
internal sealed class OpenContent(byte[] start) : HttpContent
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void End() => _end.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(start);
        await stream.FlushAsync();
        await _end.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;

namespace CsiTcmu.TestClient;

/// <summary>gRPC calls over HTTP/2 on a unix socket. One connection carries all calls at once.</summary>
public sealed class Caller : IDisposable
{
    private const int FrameHeaderLength = 5;
    private readonly HttpClient _http;

    /// <summary>Prepares a caller; the connection is made with the first call.</summary>
    /// <param name="socketPath">Path of the unix socket.</param>
    public Caller(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri("http://localhost"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Calls a method.</summary>
    /// <typeparam name="TResponse">The response message.</typeparam>
    /// <param name="method">The path, for example <c>/csi.v1.Identity/Probe</c>.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">Sent as <c>grpc-timeout</c>, for the server to keep, in whole milliseconds; null for none.</param>
    /// <param name="cancellationToken">Gives the call up on this side, which the server sees.</param>
    /// <returns>The response.</returns>
    /// <exception cref="CallFailedException">The status is not OK.</exception>
    /// <exception cref="HttpRequestException">There is no server, or the connection broke.</exception>
    public async Task<TResponse> CallAsync<TResponse>(
        string method, IMessage request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where TResponse : IMessage<TResponse>, new()
    {
        var responses = await StreamAsync<TResponse>(method, request, timeout, cancellationToken);
        return responses.Count == 1 ? responses[0] : throw new CallFailedException(method, StatusCode.Unknown, $"the answer has {responses.Count} messages");
    }

    /// <summary>Calls a method that streams its responses, and waits for the end of the stream.</summary>
    /// <typeparam name="TResponse">The response message.</typeparam>
    /// <param name="method">The path.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">As for a call with one response.</param>
    /// <param name="cancellationToken">As for a call with one response.</param>
    /// <returns>The responses.</returns>
    /// <exception cref="CallFailedException">The status is not OK.</exception>
    /// <exception cref="HttpRequestException">There is no server, or the connection broke.</exception>
    public async Task<IReadOnlyList<TResponse>> StreamAsync<TResponse>(
        string method, IMessage request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where TResponse : IMessage<TResponse>, new()
    {
        ArgumentNullException.ThrowIfNull(request);
        using var message = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = Frame(request),
        };
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (timeout is { } time)
            message.Headers.Add("grpc-timeout", $"{(long)time.TotalMilliseconds}m");

        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new CallFailedException(method, StatusCode.Unknown, $"HTTP status {(int)response.StatusCode}");
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);

        // The status stands in the trailers, or among the headers when there is no body.
        var code = Header(response.TrailingHeaders, "grpc-status") ?? Header(response.Headers, "grpc-status");
        var detail = Header(response.TrailingHeaders, "grpc-message") ?? Header(response.Headers, "grpc-message") ?? "";
        if (code is null)
            throw new CallFailedException(method, StatusCode.Unknown, "the answer has no grpc-status");
        if (!string.Equals(code, "0", StringComparison.Ordinal))
            throw new CallFailedException(method, (StatusCode)int.Parse(code), Uri.UnescapeDataString(detail));
        return Parse<TResponse>(method, body);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Frame(IMessage request)
    {
        var frame = new byte[FrameHeaderLength + request.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - FrameHeaderLength);
        request.WriteTo(frame.AsSpan(FrameHeaderLength));
        return new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } };
    }

    private static List<TResponse> Parse<TResponse>(string method, byte[] body)
        where TResponse : IMessage<TResponse>, new()
    {
        var responses = new List<TResponse>();
        for (var rest = body.AsMemory(); !rest.IsEmpty;)
        {
            var frame = rest.Span;
            var length = frame.Length < FrameHeaderLength ? -1 : BinaryPrimitives.ReadInt32BigEndian(frame[1..]);
            if (length < 0 || length > frame.Length - FrameHeaderLength || frame[0] != 0)
                throw new CallFailedException(method, StatusCode.Unknown, "the answer is not whole, uncompressed messages");
            var response = new TResponse();
            response.MergeFrom(frame.Slice(FrameHeaderLength, length));
            responses.Add(response);
            rest = rest[(FrameHeaderLength + length)..];
        }

        return responses;
    }

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.Single() : null;
}

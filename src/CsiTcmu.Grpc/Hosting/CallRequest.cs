using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace CsiTcmu.Grpc;

/// <summary>What a client says ahead of its message, copied from the HTTP request, since service code may outlive that.</summary>
/// <param name="Http">The HTTP request.</param>
/// <param name="Method">The path of the method.</param>
/// <param name="Host">The authority.</param>
/// <param name="Peer">Who calls.</param>
/// <param name="Headers">The metadata.</param>
/// <param name="Timeout">How long the caller waits, or null for ever.</param>
/// <param name="Deadline">When the caller gives up, UTC.</param>
internal sealed record CallRequest(
    HttpContext Http, string Method, string Host, string Peer, Metadata Headers, TimeSpan? Timeout, DateTime Deadline)
{
    /// <summary>Reads the headers of a request.</summary>
    /// <param name="http">The request.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="RpcException">A header cannot be read.</exception>
    public static CallRequest From(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (!HeaderMetadata.TryRead(headers, out var metadata, out var badKey))
            throw new RpcException(new Status(StatusCode.Internal, $"The header {badKey} does not carry base64."));

        TimeSpan? timeout = null;
        var deadline = DateTime.MaxValue;
        if (headers.TryGetValue("grpc-timeout", out var text))
        {
            if (!CallTimeout.TryParse(text.ToString(), out var parsed))
                throw new RpcException(new Status(StatusCode.Internal, $"The header grpc-timeout is malformed: '{text}'."));
            timeout = parsed;
            var now = DateTime.UtcNow;
            deadline = parsed < DateTime.MaxValue - now ? now + parsed : DateTime.MaxValue;
        }

        return new CallRequest(
            http,
            http.Request.Path.Value ?? "",
            http.Request.Host.Value ?? "",
            http.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(PeerName.Key, out var peer) == true ? (string)peer! : "unix:",
            metadata,
            timeout,
            deadline);
    }
}

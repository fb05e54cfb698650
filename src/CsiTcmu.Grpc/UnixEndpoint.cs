using System.Text;

namespace CsiTcmu.Grpc;

/// <summary>Reads the address of a unix socket in the forms that CSI and gRPC use.</summary>
public static class UnixEndpoint
{
    /// <summary>Longest path in bytes of UTF-8: <c>sun_path</c> of unix(7) holds 108 bytes, the last one is the ending zero.</summary>
    public const int MaxPathLength = 107;

    private const string Forms = "use unix:///path/to/name.sock, unix:/path/to/name.sock or /path/to/name.sock";

    /// <summary>Takes the path from an endpoint.</summary>
    /// <param name="endpoint"><c>unix:///path</c>, <c>unix:/path</c> or <c>/path</c>.</param>
    /// <returns>The absolute path.</returns>
    /// <exception cref="ArgumentException">The endpoint has another form, or the path is too long; the message tells what to do.</exception>
    public static string ParsePath(string endpoint)
    {
        if (string.IsNullOrWhiteSpace(endpoint))
            throw new ArgumentException($"The endpoint is empty: {Forms}.", nameof(endpoint));

        // Two slashes after the scheme open a host part, which must be empty; one slash opens the path itself.
        var path = endpoint;
        if (endpoint.StartsWith("unix://", StringComparison.Ordinal))
            path = endpoint["unix://".Length..];
        else if (endpoint.StartsWith("unix:", StringComparison.Ordinal))
            path = endpoint["unix:".Length..];

        if (!path.StartsWith('/') || path.EndsWith('/') || path.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"The endpoint '{endpoint.Replace("\0", "\\0")}' is not the absolute path of a unix socket: {Forms}.", nameof(endpoint));

        var length = Encoding.UTF8.GetByteCount(path);
        if (length > MaxPathLength)
        {
            throw new ArgumentException(
                $"The socket path '{path}' has {length} bytes, and Linux takes at most {MaxPathLength}: choose a shorter path.", nameof(endpoint));
        }

        return path;
    }
}

using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Client;

public sealed partial class ApiClient
{
    private const int ShortestWatch = 300, LongestWatch = 600;

    /// <summary>
    /// Tells what happens to objects after a version, with bookmarks, until the server ends the watch, which it does after five to ten
    /// minutes; then it is begun again from the last version.
    /// </summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="labels">Label selector; null for all.</param>
    /// <param name="resourceVersion">The version to begin at.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="ApiException">The watch failed; <see cref="ApiException.IsExpired"/> when the version is too old.</exception>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceKind<T> kind, string? labels, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IResource
    {
        // Watches that began together shall not end together.
        var path = kind.Path(null) + "?watch=true&allowWatchBookmarks=true"
            + $"&timeoutSeconds={RandomNumberGenerator.GetInt32(ShortestWatch, LongestWatch)}"
            + $"&resourceVersion={Uri.EscapeDataString(resourceVersion)}{Selector(labels)}";
        using var response = await SendAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadLineAsync(reader, path, cancellationToken) is { } line)
        {
            if (line.Length > 0) yield return Read(kind, path, line);
        }
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception cause) when (cause is HttpRequestException or IOException)
        {
            throw new ApiException(null, "Unreachable", $"GET {path}: the watch broke: {cause.Message}", cause);
        }
    }

    private static WatchEvent<T> Read<T>(ResourceKind<T> kind, string path, string line)
        where T : class, IResource
    {
        try
        {
            var envelope = JsonSerializer.Deserialize(line, ResourceJson.Default.WatchEnvelope) ?? throw new JsonException("null");
            switch (envelope.Type)
            {
                case "ERROR":
                    var status = envelope.Object.Deserialize(ResourceJson.Default.ApiStatus);
                    throw new ApiException((HttpStatusCode?)status?.Code, status?.Reason ?? "", $"GET {path}: {status?.Message}");
                case "BOOKMARK":
                    var mark = envelope.Object.Deserialize(ResourceJson.Default.Bookmark)?.Metadata?.ResourceVersion;
                    return new WatchEvent<T>(WatchEventType.Bookmark, mark ?? throw new JsonException("a bookmark without a version"), null);
                default:
                    var item = envelope.Object.Deserialize(kind.One) ?? throw new JsonException("null");
                    return new WatchEvent<T>(TypeOf(envelope.Type), item.Metadata.ResourceVersion ?? "", item);
            }
        }
        catch (JsonException cause)
        {
            throw new ApiException(null, "Unreadable", $"GET {path}: an event is not what was expected: {cause.Message}", cause);
        }
    }

    private static WatchEventType TypeOf(string word) => word switch
    {
        "ADDED" => WatchEventType.Added,
        "MODIFIED" => WatchEventType.Modified,
        "DELETED" => WatchEventType.Deleted,
        _ => throw new JsonException($"event type '{word}' is not known"),
    };
}

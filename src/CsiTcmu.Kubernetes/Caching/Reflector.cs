using System.Diagnostics;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Caching;

/// <summary>
/// Keeps a cache like the server: lists once, then watches from that version. A watch that ends goes on from the last version it told; one
/// whose version is too old begins with a list again. While the server cannot be reached the cache stays as it was.
/// </summary>
/// <param name="client">The server.</param>
/// <param name="kind">The kind.</param>
/// <param name="labels">Label selector; null for all.</param>
/// <param name="logger">Receives what is worth telling.</param>
/// <typeparam name="T">Type of the objects.</typeparam>
public sealed class Reflector<T>(ApiClient client, ResourceKind<T> kind, string? labels, ILogger logger)
    where T : class, IResource
{
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);

    /// <summary>The objects.</summary>
    public ResourceCache<T> Cache { get; } = new();

    /// <summary>How often every object is told again; a remedy for what was missed.</summary>
    public TimeSpan ResynchronisationPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often the objects were listed.</summary>
    internal int Lists { get; private set; }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var resynchronisation = new Timer(_ => Cache.Resynchronise(), null, ResynchronisationPeriod, ResynchronisationPeriod);
        string? version = null;
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                version ??= await ListAsync(cancellationToken);
                var begun = Stopwatch.GetTimestamp();
                await foreach (var happened in client.WatchAsync(kind, labels, version, cancellationToken))
                {
                    Cache.Apply(happened);
                    version = happened.ResourceVersion;
                    failures = 0;
                }

                // A server that is ending closes each watch at once.
                if (Stopwatch.GetElapsedTime(begun) < ShortestWatch) await Pauses.WaitAsync(++failures, cancellationToken);
            }
            catch (ApiException expired) when (expired.IsExpired)
            {
                logger.LogInformation("Listing {Kind} anew: {Reason}", kind.Plural, expired.Message);
                version = null;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Whatever it is: without this loop nothing would be known any more.
                logger.LogWarning("Watching {Kind} is begun again: {Reason}", kind.Plural, failure.Message);
                await Pauses.WaitAsync(++failures, cancellationToken);
            }
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var list = await client.ListAsync(kind, labels, cancellationToken);
        Cache.Replace(list);
        Lists++;
        return list.Metadata.ResourceVersion
            ?? throw new ApiException(null, "Unreadable", $"the list of {kind.Plural} has no version");
    }
}

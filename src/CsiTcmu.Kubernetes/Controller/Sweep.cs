using System.Globalization;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// What sweeps have in common: since when something is so is written at the object, so that it outlives the controller and people see it.
/// Each change is to the very version that was looked at; of two controllers one makes it and tells of it.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="events">Tells people.</param>
/// <param name="options">When what is done.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal abstract class Sweep(ApiClient client, EventRecorder events, SweepOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>The API server.</summary>
    protected ApiClient Client { get; } = client;

    /// <summary>When what is done.</summary>
    protected SweepOptions Options { get; } = options;

    /// <summary>Looks once.</summary>
    public abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Since when something is so; null when it was not so when it was looked at last.</summary>
    protected static DateTimeOffset? Since(IResource resource, string annotation) =>
        resource.Metadata.Annotations?.TryGetValue(annotation, out var text) == true
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since)
            ? since
            : null;

    /// <summary>True when something has been so for that long.</summary>
    protected bool IsOlder(DateTimeOffset since, TimeSpan age) => time.GetUtcNow() - since >= age;

    /// <summary>Writes down that something is so from now on, or is so no longer.</summary>
    protected Task<T> MarkAsync<T>(ResourceKind<T> kind, T resource, string annotation, bool holds, CancellationToken cancellationToken)
        where T : class, IResource
    {
        var value = holds ? time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : null;
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = resource.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [annotation] = value },
            },
        };
        return Client.PatchAsync(kind, resource.Metadata.Name, null, patch, cancellationToken);
    }

    /// <summary>Tells of something at the object, at its claim and in the log.</summary>
    protected async Task WarnAsync(IResource resource, ObjectReference? user, string reason, string message, CancellationToken cancellationToken)
    {
        logger.LogWarning("{Kind} {Name}: {Reason}: {Message}", resource.Kind, resource.Metadata.Name, reason, message);
        await events.WarnAsync(resource, reason, message, cancellationToken);
        if (user is not null) await events.WarnAsync(user, reason, $"{resource.Kind} {resource.Metadata.Name}: {message}", cancellationToken);
    }

    /// <summary>Tells of something good at the object, at its claim and in the log.</summary>
    protected async Task TellAsync(IResource resource, ObjectReference? user, string reason, string message, CancellationToken cancellationToken)
    {
        logger.LogInformation("{Kind} {Name}: {Reason}: {Message}", resource.Kind, resource.Metadata.Name, reason, message);
        await events.TellAsync(resource, reason, message, cancellationToken);
        if (user is not null) await events.TellAsync(user, reason, $"{resource.Kind} {resource.Metadata.Name}: {message}", cancellationToken);
    }

    /// <summary>Deals with one object; when it has changed meanwhile the next sweep looks again.</summary>
    protected async Task TryAsync(IResource resource, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ApiException stale) when (stale.IsConflict || stale.IsNotFound)
        {
            logger.LogDebug("{Name} has changed meanwhile: {Reason}", resource.Metadata.Name, stale.Message);
        }
    }
}

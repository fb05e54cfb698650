using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CsiTcmu.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Client;

/// <summary>
/// Writes events beside objects, where <c>kubectl describe</c> shows them. The same thing said again is the same event, counted. Events are
/// for people: one that cannot be written is logged and keeps nothing from going on.
/// </summary>
/// <param name="client">The server.</param>
/// <param name="component">Who speaks.</param>
/// <param name="host">The node that speaks; null for none.</param>
/// <param name="logger">Takes what cannot be written.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class EventRecorder(ApiClient client, string component, string? host, ILogger logger, TimeProvider? time = null)
{
    private const int LongestMessage = 1024; // The server's own limit.
    private const int HashDigits = 16;
    private const string ClusterScope = "default";
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Something went wrong.</summary>
    public Task WarnAsync(IResource about, string reason, string message, CancellationToken cancellationToken) =>
        WarnAsync(ObjectReference.To(about), reason, message, cancellationToken);

    /// <summary>Something went wrong.</summary>
    public Task WarnAsync(ObjectReference about, string reason, string message, CancellationToken cancellationToken) =>
        RecordAsync(about, "Warning", reason, message, cancellationToken);

    /// <summary>Something happened.</summary>
    public Task TellAsync(IResource about, string reason, string message, CancellationToken cancellationToken) =>
        TellAsync(ObjectReference.To(about), reason, message, cancellationToken);

    /// <summary>Something happened.</summary>
    public Task TellAsync(ObjectReference about, string reason, string message, CancellationToken cancellationToken) =>
        RecordAsync(about, "Normal", reason, message, cancellationToken);

    private async Task RecordAsync(ObjectReference about, string type, string reason, string message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(about);
        if (message.Length > LongestMessage) message = message[..LongestMessage];
        var scope = about.Namespace ?? ClusterScope;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{about.Kind}\n{about.Uid}\n{type}\n{reason}\n{message}\n{host}"));
        var name = $"{about.Name}.{Convert.ToHexStringLower(hash)[..HashDigits]}";
        var now = _time.GetUtcNow();
        try
        {
            if (await client.FindAsync(Kinds.Events, name, scope, cancellationToken) is { } earlier)
            {
                var again = new JsonObject
                {
                    ["count"] = (earlier.Count ?? 1) + 1,
                    ["lastTimestamp"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                };
                await client.PatchAsync(Kinds.Events, name, scope, again, cancellationToken);
                return;
            }

            await client.CreateAsync(Kinds.Events, Describe(about, name, scope, type, reason, message, now), cancellationToken);
        }
        catch (ApiException failure)
        {
            logger.LogWarning("Event {Reason} of {Name} is not written: {Failure}", reason, about.Name, failure.Message);
        }
    }

    private CoreEvent Describe(ObjectReference about, string name, string scope, string type, string reason, string message, DateTimeOffset now) => new()
    {
        Metadata = new ObjectMetadata { Name = name, Namespace = scope },
        InvolvedObject = about,
        Type = type,
        Reason = reason,
        Message = message,
        Source = new EventSource { Component = component, Host = host },
        Count = 1,
        FirstTimestamp = now,
        LastTimestamp = now,
    };
}

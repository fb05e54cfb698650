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
        RecordAsync(about, "Warning", reason, message, cancellationToken);

    /// <summary>Something happened.</summary>
    public Task TellAsync(IResource about, string reason, string message, CancellationToken cancellationToken) =>
        RecordAsync(about, "Normal", reason, message, cancellationToken);

    private async Task RecordAsync(IResource about, string type, string reason, string message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(about);
        if (message.Length > LongestMessage) message = message[..LongestMessage];
        var scope = about.Metadata.Namespace ?? ClusterScope;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{about.Metadata.Uid}\n{type}\n{reason}\n{message}\n{host}"));
        var name = $"{about.Metadata.Name}.{Convert.ToHexStringLower(hash)[..HashDigits]}";
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
            logger.LogWarning("Event {Reason} of {Name} is not written: {Failure}", reason, about.Metadata.Name, failure.Message);
        }
    }

    private CoreEvent Describe(IResource about, string name, string scope, string type, string reason, string message, DateTimeOffset now) => new()
    {
        Metadata = new ObjectMetadata { Name = name, Namespace = scope },
        InvolvedObject = new ObjectReference
        {
            ApiVersion = about.ApiVersion,
            Kind = about.Kind ?? "",
            Namespace = about.Metadata.Namespace,
            Name = about.Metadata.Name,
            Uid = about.Metadata.Uid,
        },
        Type = type,
        Reason = reason,
        Message = message,
        Source = new EventSource { Component = component, Host = host },
        Count = 1,
        FirstTimestamp = now,
        LastTimestamp = now,
    };
}

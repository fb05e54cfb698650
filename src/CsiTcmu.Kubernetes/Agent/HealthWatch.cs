using CsiTcmu.Kubernetes.Caching;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Agent;

/// <summary>
/// Looks regularly at the health of this node's volumes. What changes is told at the volume and its claim, since a pod sees only that I/O
/// fails; and the volume's condition <c>Healthy</c> says it as long as it lasts.
/// </summary>
/// <param name="health">Tells what is wrong.</param>
/// <param name="volumes">The volumes of this node.</param>
/// <param name="options">What the agent runs with.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class HealthWatch(IVolumeHealth health, ResourceCache<TcmuVolume> volumes, NodeAgentOptions options, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, IReadOnlyList<HealthEntry>> _troubles = new(StringComparer.Ordinal);

    /// <summary>Looks until cancelled.</summary>
    /// <param name="changed">Told of each volume whose health has changed.</param>
    /// <param name="events">Tells people.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action<string> changed, EventRecorder events, CancellationToken cancellationToken)
    {
        using var ticks = new PeriodicTimer(options.HealthPeriod, options.Time);
        try
        {
            while (await ticks.WaitForNextTickAsync(cancellationToken)) await LookAsync(changed, events, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            logger.LogDebug("No more looks at health");
        }
    }

    /// <summary>What is wrong with a volume; empty for nothing.</summary>
    public IReadOnlyList<HealthEntry> Of(string id)
    {
        lock (_gate) return _troubles.GetValueOrDefault(id) ?? [];
    }

    /// <summary>The condition of a volume; null while nothing was ever wrong with it.</summary>
    public Condition? ConditionOf(TcmuVolume volume)
    {
        var (troubles, before) = (Of(volume.Metadata.Name), volume.Status?.Conditions);
        if (troubles.Count == 0 && before?.Exists(condition => condition.Type == "Healthy") != true) return null;
        return Condition.Now(
            before, "Healthy", troubles.Count == 0, troubles.Count == 0 ? "NothingWrong" : troubles[0].Reason, string.Join("; ", troubles.Select(entry => entry.Message)),
            options.Time.GetUtcNow(), volume.Metadata.Generation);
    }

    private async Task LookAsync(Action<string> changed, EventRecorder events, CancellationToken cancellationToken)
    {
        Dictionary<string, IReadOnlyList<HealthEntry>> found;
        try
        {
            found = (await health.ListAsync(0, "", abnormalOnly: true, cancellationToken)).Volumes
                .ToDictionary(volume => volume.Id, volume => volume.Entries, StringComparer.Ordinal);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever it is: the next look may know more.
            logger.LogWarning("The volumes' health is not known: {Reason}", failure.Message);
            return;
        }

        foreach (var volume in volumes.All.Where(volume => volume.IsMade && !volume.IsLeaving))
        {
            var (before, now) = (Of(volume.Metadata.Name), found.GetValueOrDefault(volume.Metadata.Name) ?? []);

            // Messages hold numbers that change; another reason is another trouble.
            if (before.Select(entry => entry.Reason).SequenceEqual(now.Select(entry => entry.Reason), StringComparer.Ordinal)) continue;
            lock (_gate)
            {
                if (now.Count > 0) _troubles[volume.Metadata.Name] = now;
                else _troubles.Remove(volume.Metadata.Name);
            }

            await TellAsync(volume, before, now, events, cancellationToken);
            changed(volume.Metadata.Name);
        }
    }

    private async Task TellAsync(
        TcmuVolume volume, IReadOnlyList<HealthEntry> before, IReadOnlyList<HealthEntry> now, EventRecorder events, CancellationToken cancellationToken)
    {
        foreach (var entry in now.Where(entry => before.All(earlier => earlier.Reason != entry.Reason)))
        {
            logger.LogWarning("Volume {Name}: {Reason}: {Message}", volume.Metadata.Name, entry.Reason, entry.Message);
            await events.WarnAsync(volume, entry.Reason, entry.Message, cancellationToken);
            if (volume.Claim is { } claim) await events.WarnAsync(claim, entry.Reason, $"TcmuVolume {volume.Metadata.Name}: {entry.Message}", cancellationToken);
        }

        if (now.Count > 0) return;
        const string healed = "what was wrong with the volume is so no longer";
        logger.LogInformation("Volume {Name} is healthy again", volume.Metadata.Name);
        await events.TellAsync(volume, "Healthy", healed, cancellationToken);
        if (volume.Claim is { } user) await events.TellAsync(user, "Healthy", $"TcmuVolume {volume.Metadata.Name}: {healed}", cancellationToken);
    }
}

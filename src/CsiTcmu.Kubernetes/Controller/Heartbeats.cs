using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>
/// Which agents are alive. A heartbeat is a time by the clock of its node, which may be wrong; so what counts is how long ago this process
/// saw it change.
/// </summary>
/// <param name="patience">How long an agent may be silent.</param>
/// <param name="time">The clock.</param>
internal sealed class Heartbeats(TimeSpan patience, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (DateTimeOffset Beat, long Seen)> _seen = new(StringComparer.Ordinal);

    /// <summary>Takes notice of a node; null for one that is gone.</summary>
    public void Notice(string name, TcmuNode? node)
    {
        lock (_gate)
        {
            if (node?.Status is not { } status) _seen.Remove(name);
            else if (!_seen.TryGetValue(name, out var known) || known.Beat != status.Heartbeat) _seen[name] = (status.Heartbeat, time.GetTimestamp());
        }
    }

    /// <summary>True when the agent of a node has been heard of lately.</summary>
    public bool IsAlive(string name)
    {
        lock (_gate) return _seen.TryGetValue(name, out var known) && time.GetElapsedTime(known.Seen) < patience;
    }
}

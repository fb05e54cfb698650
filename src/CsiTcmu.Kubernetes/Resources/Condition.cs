namespace CsiTcmu.Kubernetes.Resources;

/// <summary>One aspect of an object's state, in the form that <c>kubectl wait --for=condition</c> reads.</summary>
public sealed record Condition
{
    /// <summary>The aspect: <c>Ready</c>.</summary>
    public required string Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public required string Status { get; init; }

    /// <summary>One word in CamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>A sentence for people.</summary>
    public string Message { get; init; } = "";

    /// <summary>When <see cref="Status"/> changed last.</summary>
    public DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>Generation of the specification that this was found at.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>True when the status is <c>True</c>.</summary>
    internal bool IsTrue => string.Equals(Status, "True", StringComparison.Ordinal);

    /// <summary>A condition as it is now; the time of the one before stays when the status does.</summary>
    internal static Condition Now(
        IReadOnlyList<Condition>? before, string type, bool holds, string reason, string message, DateTimeOffset now, long? generation = null)
    {
        var status = holds ? "True" : "False";
        var earlier = before?.FirstOrDefault(condition => string.Equals(condition.Type, type, StringComparison.Ordinal));
        return new Condition
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastTransitionTime = earlier is not null && string.Equals(earlier.Status, status, StringComparison.Ordinal) ? earlier.LastTransitionTime : now,
            ObservedGeneration = generation,
        };
    }
}

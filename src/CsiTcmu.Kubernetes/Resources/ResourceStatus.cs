using CsiTcmu.Volumes;

namespace CsiTcmu.Kubernetes.Resources;

/// <summary>What the status of everything that an agent fulfils has in common.</summary>
public abstract record ResourceStatus
{
    /// <summary>For people: <c>Pending</c>, <c>Ready</c>, <c>Failed</c>, <c>Deleting</c>.</summary>
    public string Phase { get; init; } = "Pending";

    /// <summary>Generation of the specification that the agent has dealt with.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public ResourceError? Error { get; init; }

    /// <summary>Conditions: <c>Ready</c>, and of a volume that something was wrong with, <c>Healthy</c>.</summary>
    public List<Condition>? Conditions { get; init; }
}

/// <summary>A failure: a code that programs read and a sentence for people.</summary>
public sealed record ResourceError
{
    /// <summary>Name of a <see cref="VolumeError"/>.</summary>
    public required string Code { get; init; }

    /// <summary>Names the thing and the fix.</summary>
    public required string Message { get; init; }

    /// <summary>The failure of a volume.</summary>
    internal static ResourceError Of(VolumeException failure) => new() { Code = failure.Error.ToString(), Message = failure.Message };

    /// <summary>The failure as the callers of volumes know it; a code that this version does not know may be mended by asking again.</summary>
    internal VolumeException ToException() =>
        new(Enum.TryParse<VolumeError>(Code, out var error) && Enum.IsDefined(error) ? error : VolumeError.Unavailable, Message);
}

namespace CsiTcmu.Volumes;

/// <summary>Kinds of failure; each is one gRPC code (CSI specification, error scheme of each call).</summary>
public enum VolumeError
{
    /// <summary>INVALID_ARGUMENT.</summary>
    InvalidArgument,

    /// <summary>NOT_FOUND.</summary>
    NotFound,

    /// <summary>UNAUTHENTICATED: the secret is not the one that the volume was encrypted with.</summary>
    Unauthenticated,

    /// <summary>ALREADY_EXISTS: the name or path is in use with other properties.</summary>
    AlreadyExists,

    /// <summary>RESOURCE_EXHAUSTED: no room.</summary>
    Exhausted,

    /// <summary>OUT_OF_RANGE: a size that cannot be.</summary>
    OutOfRange,

    /// <summary>FAILED_PRECONDITION: in use, not staged, not what was expected.</summary>
    FailedPrecondition,

    /// <summary>ABORTED: another operation on the same volume is under way, or this one goes on; try again.</summary>
    Aborted,

    /// <summary>UNAVAILABLE: the pool or the kernel does not answer now; try again.</summary>
    Unavailable,

    /// <summary>INTERNAL: final; nothing was made or left behind.</summary>
    Internal,
}

/// <summary>A failure that a user can act on. The message names the thing and the fix and holds no secret.</summary>
public sealed class VolumeException(VolumeError error, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Kind of the failure.</summary>
    public VolumeError Error { get; } = error;
}

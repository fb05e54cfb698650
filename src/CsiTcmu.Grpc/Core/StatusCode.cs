namespace Grpc.Core;

/// <summary>How a call ended. For CSI callers <see cref="Cancelled"/>, <see cref="DeadlineExceeded"/>, <see cref="Unavailable"/> and
/// <see cref="Aborted"/> mean "may be in progress, repeat"; almost every other failure is final to them.</summary>
public enum StatusCode
{
    /// <summary>Success.</summary>
    OK = 0,

    /// <summary>The caller gave the call up.</summary>
    Cancelled = 1,

    /// <summary>A failure without a name.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever the state of the system.</summary>
    InvalidArgument = 3,

    /// <summary>The deadline passed before the call ended.</summary>
    DeadlineExceeded = 4,

    /// <summary>The thing named by the request does not exist.</summary>
    NotFound = 5,

    /// <summary>The thing to be made exists, and differs.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known, and may not.</summary>
    PermissionDenied = 7,

    /// <summary>No room, or a limit is reached.</summary>
    ResourceExhausted = 8,

    /// <summary>The system is not in the state that the call needs.</summary>
    FailedPrecondition = 9,

    /// <summary>Another operation on the same thing is under way.</summary>
    Aborted = 10,

    /// <summary>A value lies outside of its range.</summary>
    OutOfRange = 11,

    /// <summary>The server does not have this method, or not in this form.</summary>
    Unimplemented = 12,

    /// <summary>Something that always holds does not hold.</summary>
    Internal = 13,

    /// <summary>Not now; repeat the call.</summary>
    Unavailable = 14,

    /// <summary>Data are lost or corrupt beyond repair.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known.</summary>
    Unauthenticated = 16,
}

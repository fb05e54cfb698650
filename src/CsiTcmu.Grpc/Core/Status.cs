namespace Grpc.Core;

/// <summary>How a call ended, in a code for programs and a sentence for people.</summary>
public readonly record struct Status
{
    /// <summary>Success.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");

    /// <summary>Cancelled, without a sentence.</summary>
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    /// <summary>Makes a status.</summary>
    /// <param name="statusCode">The code.</param>
    /// <param name="detail">The sentence; it reaches the caller.</param>
    public Status(StatusCode statusCode, string detail)
        : this(statusCode, detail, null)
    {
    }

    /// <summary>Makes a status with the exception behind it.</summary>
    /// <param name="statusCode">The code.</param>
    /// <param name="detail">The sentence; it reaches the caller.</param>
    /// <param name="debugException">The exception; it stays on this side.</param>
    public Status(StatusCode statusCode, string detail, Exception? debugException)
    {
        StatusCode = statusCode;
        Detail = detail;
        DebugException = debugException;
    }

    /// <summary>The code.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>The sentence.</summary>
    public string Detail { get; }

    /// <summary>The exception behind it; never sent.</summary>
    public Exception? DebugException { get; }

    /// <inheritdoc/>
    public override string ToString() => $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\")";
}

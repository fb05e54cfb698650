namespace Grpc.Core;

/// <summary>Ends a call with a status. A service throws it to answer with anything but success.</summary>
public class RpcException : Exception
{
    /// <summary>Ends the call with a status.</summary>
    /// <param name="status">The status.</param>
    public RpcException(Status status)
        : this(status, [], status.ToString())
    {
    }

    /// <summary>Ends the call with a status.</summary>
    /// <param name="status">The status.</param>
    /// <param name="message">The message of the exception on this side; the caller gets the status' own detail.</param>
    public RpcException(Status status, string message)
        : this(status, [], message)
    {
    }

    /// <summary>Ends the call with a status and trailers.</summary>
    /// <param name="status">The status.</param>
    /// <param name="trailers">Metadata sent with the status.</param>
    public RpcException(Status status, Metadata trailers)
        : this(status, trailers, status.ToString())
    {
    }

    /// <summary>Ends the call with a status and trailers.</summary>
    /// <param name="status">The status.</param>
    /// <param name="trailers">Metadata sent with the status.</param>
    /// <param name="message">The message of the exception on this side.</param>
    public RpcException(Status status, Metadata trailers, string message)
        : base(message, status.DebugException)
    {
        ArgumentNullException.ThrowIfNull(trailers);
        Status = status;
        Trailers = trailers;
    }

    /// <summary>The status.</summary>
    public Status Status { get; }

    /// <summary>The code of the status.</summary>
    public StatusCode StatusCode => Status.StatusCode;

    /// <summary>Metadata sent with the status.</summary>
    public Metadata Trailers { get; }
}

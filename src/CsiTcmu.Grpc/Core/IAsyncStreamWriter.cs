namespace Grpc.Core;

/// <summary>A stream of messages that goes out one at a time.</summary>
/// <typeparam name="T">The message.</typeparam>
public interface IAsyncStreamWriter<in T>
{
    /// <summary>Options for the writes that follow, or null for none.</summary>
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Writes a message. Await it before the next one.</summary>
    /// <param name="message">The message.</param>
    /// <returns>Ends when the message is handed to the connection; slow when the peer reads slowly.</returns>
    Task WriteAsync(T message);

    /// <summary>Writes a message, unless the token fires first.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Gives the write up, and with it the call.</param>
    /// <returns>Ends when the message is handed to the connection.</returns>
    Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
            throw new NotSupportedException("Cancellation of stream writes is not supported by this implementation.");
        return WriteAsync(message);
    }
}

/// <summary>The responses of a server-streaming call. The stream ends when the method returns.</summary>
/// <typeparam name="T">The response message.</typeparam>
public interface IServerStreamWriter<in T> : IAsyncStreamWriter<T>;

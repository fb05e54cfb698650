using Grpc.Core;

namespace CsiTcmu.Grpc;

/// <summary>The responses of a streaming call. A write after the end of the call is a cancellation, as for any other use of its token;
/// to the official server it is a mistake of the service.</summary>
internal sealed class ResponseStream<T>(IServerStreamWriter<T> official, CallContext context) : IServerStreamWriter<T>
    where T : class
{
    /// <inheritdoc/>
    public WriteOptions? WriteOptions
    {
        get => official.WriteOptions;
        set => official.WriteOptions = value;
    }

    /// <inheritdoc/>
    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    /// <inheritdoc/>
    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (context.IsGivenUp)
            throw new OperationCanceledException("The call has ended.", context.CancellationToken);
        try
        {
            await official.WriteAsync(message, cancellationToken);
        }
        catch (Exception e) when (e is not (RpcException or OperationCanceledException))
        {
            // What a closed output does to a message is up to the server and the serializer.
            if (!await context.IsGivenUpSoonAsync())
                throw;
            throw new OperationCanceledException("The call has ended.", e, context.CancellationToken);
        }
    }
}

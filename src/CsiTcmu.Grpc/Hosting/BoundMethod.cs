using Grpc.Core;

namespace CsiTcmu.Grpc;

/// <summary>A method with its implementation, its message types hidden.</summary>
internal abstract class BoundMethod(IMethod method)
{
    /// <summary>The path on the wire.</summary>
    public string Path => method.FullName;

    /// <summary>The shape of the call.</summary>
    public MethodType Type => method.Type;

    /// <summary>Parses a request.</summary>
    /// <param name="payload">Its bytes.</param>
    /// <returns>The request message.</returns>
    public abstract object Deserialize(DeserializationContext payload);

    /// <summary>Runs the implementation.</summary>
    /// <param name="request">The request message.</param>
    /// <param name="context">The call.</param>
    /// <returns>The response message of a unary method; null of a streaming one, which has written its responses.</returns>
    public abstract Task<object?> InvokeAsync(object request, CallContext context);

    /// <summary>Serializes a response.</summary>
    /// <param name="response">The response message.</param>
    /// <param name="maxSize">Longest message in bytes.</param>
    /// <returns>The frame for the wire.</returns>
    public abstract ReadOnlyMemory<byte> Serialize(object response, int maxSize);
}

/// <summary>A method with its implementation.</summary>
internal abstract class BoundMethod<TRequest, TResponse>(Method<TRequest, TResponse> method) : BoundMethod(method)
    where TRequest : class
    where TResponse : class
{
    /// <summary>Turns responses to bytes.</summary>
    protected Marshaller<TResponse> ResponseMarshaller => method.ResponseMarshaller;

    /// <inheritdoc/>
    public override object Deserialize(DeserializationContext payload) => method.RequestMarshaller.ContextualDeserializer(payload);

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> Serialize(object response, int maxSize) =>
        MessageFrame.Of((TResponse)response, ResponseMarshaller, maxSize);
}

/// <summary>A unary method.</summary>
internal sealed class UnaryBoundMethod<TRequest, TResponse>(
    Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse> handler) : BoundMethod<TRequest, TResponse>(method)
    where TRequest : class
    where TResponse : class
{
    /// <inheritdoc/>
    public override async Task<object?> InvokeAsync(object request, CallContext context) =>
        await handler((TRequest)request, context) ?? throw new InvalidOperationException($"{Path} returned no response.");
}

/// <summary>A server-streaming method.</summary>
internal sealed class StreamingBoundMethod<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse> handler) : BoundMethod<TRequest, TResponse>(method)
    where TRequest : class
    where TResponse : class
{
    /// <inheritdoc/>
    public override async Task<object?> InvokeAsync(object request, CallContext context)
    {
        await handler((TRequest)request, new ResponseStream<TResponse>(this, context), context);
        return null;
    }
}

/// <summary>The responses of a streaming call.</summary>
internal sealed class ResponseStream<T>(BoundMethod method, CallContext context) : IServerStreamWriter<T>
    where T : class
{
    /// <inheritdoc/>
    public WriteOptions? WriteOptions { get; set; }

    /// <inheritdoc/>
    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    /// <inheritdoc/>
    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return context.Response.WriteAsync(method.Serialize(message, context.MaxSendMessageSize), cancellationToken);
    }
}

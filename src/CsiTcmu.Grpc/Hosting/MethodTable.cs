using System.Diagnostics.CodeAnalysis;
using Grpc.Core;

namespace CsiTcmu.Grpc;

/// <summary>The methods of all services, by path.</summary>
internal sealed class MethodTable : ServiceBinderBase
{
    private readonly Dictionary<string, BoundMethod> _methods = new(StringComparer.Ordinal);

    /// <summary>Finds a method.</summary>
    /// <param name="path">Its path on the wire.</param>
    /// <param name="method">The method.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGet(string path, [NotNullWhen(true)] out BoundMethod? method) => _methods.TryGetValue(path, out method);

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(new UnaryBoundMethod<TRequest, TResponse>(method, handler));
    }

    /// <inheritdoc/>
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(new StreamingBoundMethod<TRequest, TResponse>(method, handler));
    }

    private void Add(BoundMethod method)
    {
        if (!_methods.TryAdd(method.Path, method))
            throw new ArgumentException($"Method {method.Path} is served already.", nameof(method));
    }
}

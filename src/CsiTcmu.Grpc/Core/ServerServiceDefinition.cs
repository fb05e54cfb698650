namespace Grpc.Core;

/// <summary>A service bound to its implementation, as <c>BindService</c> of generated code makes it.</summary>
public class ServerServiceDefinition
{
    private readonly IReadOnlyList<Action<ServiceBinderBase>> _methods;

    private ServerServiceDefinition(IReadOnlyList<Action<ServiceBinderBase>> methods) => _methods = methods;

    /// <summary>Starts a definition.</summary>
    /// <returns>The builder.</returns>
    public static Builder CreateBuilder() => new();

    /// <summary>Hands every method to a binder.</summary>
    /// <param name="serviceBinder">The binder.</param>
    internal void BindService(ServiceBinderBase serviceBinder)
    {
        foreach (var addTo in _methods)
            addTo(serviceBinder);
    }

    /// <summary>Collects the methods of a service.</summary>
    public class Builder
    {
        private readonly List<Action<ServiceBinderBase>> _methods = [];
        private readonly HashSet<string> _names = [];

        /// <summary>Adds a method with one request and one response.</summary>
        /// <typeparam name="TRequest">The request message.</typeparam>
        /// <typeparam name="TResponse">The response message.</typeparam>
        /// <param name="method">What it is.</param>
        /// <param name="handler">What it does.</param>
        /// <returns>This builder.</returns>
        public Builder AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse> handler)
            where TRequest : class
            where TResponse : class
        {
            CheckNew(method);
            _methods.Add(binder => binder.AddMethod(method, handler));
            return this;
        }

        /// <summary>Adds a method with one request and a stream of responses.</summary>
        /// <typeparam name="TRequest">The request message.</typeparam>
        /// <typeparam name="TResponse">The response message.</typeparam>
        /// <param name="method">What it is.</param>
        /// <param name="handler">What it does.</param>
        /// <returns>This builder.</returns>
        public Builder AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse> handler)
            where TRequest : class
            where TResponse : class
        {
            CheckNew(method);
            _methods.Add(binder => binder.AddMethod(method, handler));
            return this;
        }

        /// <summary>Ends the definition.</summary>
        /// <returns>The definition.</returns>
        public ServerServiceDefinition Build() => new([.. _methods]);

        private void CheckNew(IMethod method)
        {
            ArgumentNullException.ThrowIfNull(method);
            if (!_names.Add(method.FullName))
                throw new ArgumentException($"Method {method.FullName} is added twice.", nameof(method));
        }
    }
}

namespace Grpc.Core;

/// <summary>A remote method without its message types.</summary>
public interface IMethod
{
    /// <summary>The shape of the call.</summary>
    MethodType Type { get; }

    /// <summary>The service with its package, for example <c>csi.v1.Identity</c>.</summary>
    string ServiceName { get; }

    /// <summary>The method alone, for example <c>Probe</c>.</summary>
    string Name { get; }

    /// <summary>The path on the wire, for example <c>/csi.v1.Identity/Probe</c>.</summary>
    string FullName { get; }
}

/// <summary>A remote method: its names, its shape, and how its messages become bytes.</summary>
/// <typeparam name="TRequest">The request message.</typeparam>
/// <typeparam name="TResponse">The response message.</typeparam>
public class Method<TRequest, TResponse> : IMethod
{
    /// <summary>Describes a method.</summary>
    /// <param name="type">The shape of the call.</param>
    /// <param name="serviceName">The service with its package.</param>
    /// <param name="name">The method alone.</param>
    /// <param name="requestMarshaller">Turns requests to bytes and back.</param>
    /// <param name="responseMarshaller">Turns responses to bytes and back.</param>
    public Method(
        MethodType type, string serviceName, string name, Marshaller<TRequest> requestMarshaller, Marshaller<TResponse> responseMarshaller)
    {
        ArgumentNullException.ThrowIfNull(serviceName);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(requestMarshaller);
        ArgumentNullException.ThrowIfNull(responseMarshaller);
        Type = type;
        ServiceName = serviceName;
        Name = name;
        RequestMarshaller = requestMarshaller;
        ResponseMarshaller = responseMarshaller;
        FullName = "/" + serviceName + "/" + name;
    }

    /// <inheritdoc/>
    public MethodType Type { get; }

    /// <inheritdoc/>
    public string ServiceName { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string FullName { get; }

    /// <summary>Turns requests to bytes and back.</summary>
    public Marshaller<TRequest> RequestMarshaller { get; }

    /// <summary>Turns responses to bytes and back.</summary>
    public Marshaller<TResponse> ResponseMarshaller { get; }
}

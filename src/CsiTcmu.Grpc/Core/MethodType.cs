namespace Grpc.Core;

/// <summary>The four shapes of a remote call. This server carries <see cref="Unary"/> and <see cref="ServerStreaming"/>.</summary>
public enum MethodType
{
    /// <summary>One request, one response.</summary>
    Unary,

    /// <summary>Many requests, one response.</summary>
    ClientStreaming,

    /// <summary>One request, many responses.</summary>
    ServerStreaming,

    /// <summary>Many requests, many responses.</summary>
    DuplexStreaming,
}

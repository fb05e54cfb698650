using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a message takes its bytes from. The bytes are good only until the deserializer returns.</summary>
public abstract class DeserializationContext
{
    /// <summary>Length of the message in bytes.</summary>
    public abstract int PayloadLength { get; }

    /// <summary>The message as an array of its own.</summary>
    /// <returns>A copy that the caller owns.</returns>
    public virtual byte[] PayloadAsNewBuffer() => throw new NotSupportedException();

    /// <summary>The message where it lies, without a copy.</summary>
    /// <returns>The bytes.</returns>
    public virtual ReadOnlySequence<byte> PayloadAsReadOnlySequence() => throw new NotSupportedException();
}

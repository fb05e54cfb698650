using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a message puts its bytes: either all at once with <see cref="Complete(byte[])"/>, or length, bytes and
/// <see cref="Complete()"/>.</summary>
public abstract class SerializationContext
{
    /// <summary>Hands over the whole message.</summary>
    /// <param name="payload">The bytes; owned by the context afterwards.</param>
    public virtual void Complete(byte[] payload) => throw new NotSupportedException();

    /// <summary>A buffer for the bytes of the message.</summary>
    /// <returns>The buffer; used up to <see cref="Complete()"/> and not after.</returns>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException();

    /// <summary>Tells the length before the first byte is written.</summary>
    /// <param name="payloadLength">Length of the message in bytes.</param>
    public virtual void SetPayloadLength(int payloadLength) => throw new NotSupportedException();

    /// <summary>Ends a message written through <see cref="GetBufferWriter"/>.</summary>
    public virtual void Complete() => throw new NotSupportedException();
}

using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Grpc.Core;

namespace CsiTcmu.Grpc;

/// <summary>A response message as it goes over the wire: a zero flag, four bytes of length, the message.</summary>
internal sealed class MessageFrame : SerializationContext
{
    private const int HeaderLength = 5;

    private readonly int _maxSize;
    private ArrayBufferWriter<byte>? _buffer;

    private MessageFrame(int maxSize) => _maxSize = maxSize;

    /// <summary>Serializes a message.</summary>
    /// <typeparam name="T">The message.</typeparam>
    /// <param name="message">The message.</param>
    /// <param name="marshaller">Turns it to bytes.</param>
    /// <param name="maxSize">Longest message in bytes.</param>
    /// <returns>The frame.</returns>
    /// <exception cref="RpcException">The message is too long.</exception>
    public static ReadOnlyMemory<byte> Of<T>(T message, Marshaller<T> marshaller, int maxSize)
    {
        var frame = new MessageFrame(maxSize);
        marshaller.ContextualSerializer(message, frame);
        var bytes = frame.Buffer(0).WrittenMemory;
        frame.CheckSize(bytes.Length - HeaderLength);
        BinaryPrimitives.WriteInt32BigEndian(MemoryMarshal.AsMemory(bytes).Span[1..], bytes.Length - HeaderLength);
        return bytes;
    }

    /// <inheritdoc/>
    public override void SetPayloadLength(int payloadLength)
    {
        CheckSize(payloadLength);
        Buffer(payloadLength);
    }

    /// <inheritdoc/>
    public override IBufferWriter<byte> GetBufferWriter() => Buffer(0);

    /// <inheritdoc/>
    public override void Complete()
    {
    }

    /// <inheritdoc/>
    public override void Complete(byte[] payload)
    {
        SetPayloadLength(payload.Length);
        Buffer(0).Write(payload);
    }

    private ArrayBufferWriter<byte> Buffer(int payloadLength)
    {
        if (_buffer is null)
        {
            _buffer = new ArrayBufferWriter<byte>(HeaderLength + payloadLength);
            _buffer.GetSpan(HeaderLength)[..HeaderLength].Clear();
            _buffer.Advance(HeaderLength);
        }

        return _buffer;
    }

    private void CheckSize(int size)
    {
        if (size > _maxSize)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"The response has {size} bytes, and at most {_maxSize} are sent."));
    }
}

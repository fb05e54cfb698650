using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace CsiTcmu.Grpc;

/// <summary>Reads the one message of a request: a flag, four bytes of length, the message, and then the end.</summary>
internal static class RequestReader
{
    private const int FrameHeaderLength = 5;

    /// <summary>Reads and parses the request.</summary>
    /// <param name="method">Parses the message.</param>
    /// <param name="body">The body.</param>
    /// <param name="encoding">The <c>grpc-encoding</c> of the request, or null.</param>
    /// <param name="maxSize">Longest message in bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The request message.</returns>
    /// <exception cref="RpcException">Too long, compressed, cut off, none, more than one, or not to be parsed.</exception>
    public static async Task<object> ReadAsync(
        BoundMethod method, PipeReader body, string? encoding, int maxSize, CancellationToken cancellationToken)
    {
        object? request = null;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            var consumed = buffer.Start;
            if (request is null && TryReadFrame(buffer, encoding, maxSize, out var payload))
            {
                request = Parse(method, payload);
                consumed = payload.End;
                buffer = buffer.Slice(consumed);
            }

            if (request is not null && !buffer.IsEmpty)
                throw Failure(StatusCode.Unimplemented, "The request has more than one message, and this method takes one.");
            if (result.IsCompleted)
            {
                return request ?? throw (buffer.IsEmpty
                    ? Failure(StatusCode.Unimplemented, "The request has no message, and this method takes one.")
                    : Failure(StatusCode.Internal, "The request ends in the middle of its message."));
            }

            body.AdvanceTo(consumed, buffer.End);
        }
    }

    private static bool TryReadFrame(ReadOnlySequence<byte> buffer, string? encoding, int maxSize, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < FrameHeaderLength)
            return false;

        Span<byte> header = stackalloc byte[FrameHeaderLength];
        buffer.Slice(0, FrameHeaderLength).CopyTo(header);
        CheckFlag(header[0], encoding);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > maxSize)
            throw Failure(StatusCode.ResourceExhausted, $"The request has {length} bytes, and at most {maxSize} are taken.");
        if (buffer.Length - FrameHeaderLength < length)
            return false;

        payload = buffer.Slice(FrameHeaderLength, length);
        return true;
    }

    private static void CheckFlag(byte flag, string? encoding)
    {
        if (flag == 0)
            return;
        if (flag != 1)
            throw Failure(StatusCode.Internal, $"The message begins with the unknown flag {flag}.");
        if (encoding is null or CallDispatcher.Identity)
            throw Failure(StatusCode.Internal, "The message is marked as compressed, and the request names no grpc-encoding.");
        throw Failure(StatusCode.Unimplemented, $"The message is compressed by '{encoding}', and only uncompressed messages are taken.");
    }

    private static object Parse(BoundMethod method, ReadOnlySequence<byte> payload)
    {
        try
        {
            return method.Deserialize(new PayloadReader(payload));
        }
        catch (Exception e)
        {
            throw Failure(StatusCode.Internal, $"The request of {method.Path} cannot be parsed: {e.Message}");
        }
    }

    private static RpcException Failure(StatusCode code, string detail) => new(new Status(code, detail));

    private sealed class PayloadReader(ReadOnlySequence<byte> payload) : DeserializationContext
    {
        public override int PayloadLength => (int)payload.Length;

        public override byte[] PayloadAsNewBuffer() => payload.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => payload;
    }
}

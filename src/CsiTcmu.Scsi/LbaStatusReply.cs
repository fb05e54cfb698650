using System.Buffers.Binary;

namespace CsiTcmu.Scsi;

/// <summary>
/// Builds the reply to GET LBA STATUS (SBC-3 5.4.2) from runs of mapped and deallocated bytes that follow one another from
/// <see cref="ScsiCommand.Offset"/> on. Does not allocate.
/// </summary>
public ref struct LbaStatusReply
{
    /// <summary>Bytes that the buffer must have at least: the header and one descriptor.</summary>
    public const int MinimumCapacity = HeaderLength + DescriptorLength;

    private const int HeaderLength = 8;
    private const int DescriptorLength = 16;
    private readonly Span<byte> _buffer;
    private readonly int _blockSize;
    private readonly int _allocationLength;
    private readonly long _end;
    private long _position;
    private long _nextBlock;
    private long _firstBlock;
    private bool _mapped;
    private int _length;

    /// <summary>Starts a reply.</summary>
    /// <param name="unit">The disk.</param>
    /// <param name="command">The decoded command.</param>
    /// <param name="buffer">At least <see cref="MinimumCapacity"/> bytes; the more, the more runs can be told in one reply.</param>
    /// <exception cref="ArgumentException">The buffer is too small.</exception>
    public LbaStatusReply(LogicalUnit unit, in ScsiCommand command, Span<byte> buffer)
    {
        if (buffer.Length < MinimumCapacity)
            throw new ArgumentException($"The buffer must have at least {MinimumCapacity} bytes.", nameof(buffer));

        // A shorter allocation length cuts the reply in the end.
        _buffer = buffer[..Math.Min(buffer.Length, Math.Max(command.ParameterLength, MinimumCapacity))];
        _buffer.Clear();
        _blockSize = unit.BlockSize;
        _allocationLength = command.ParameterLength;
        _position = command.Offset;
        _end = command.Offset + command.Length;
        _nextBlock = _firstBlock = command.Offset / _blockSize;
        _length = HeaderLength;
    }

    /// <summary>The byte at which the next run starts.</summary>
    public readonly long Position => _position;

    /// <summary>True while another run can be told.</summary>
    public readonly bool WantsMore => _position < _end && _length + DescriptorLength <= _buffer.Length;

    /// <summary>Adds the run of bytes that follows the ones before. A block that is partly mapped is told as mapped.</summary>
    /// <param name="length">In bytes; cut at the end of the range.</param>
    /// <param name="mapped">True when the bytes take space, false when they are a hole.</param>
    public void Append(long length, bool mapped)
    {
        length = Math.Min(length, _end - _position);
        if (length <= 0)
            return;
        _position += length;
        long next = mapped ? (_position + _blockSize - 1) / _blockSize : _position / _blockSize;
        if (next <= _nextBlock)
            return;
        if (mapped != _mapped)
            EmitDescriptors();
        _mapped = mapped;
        _nextBlock = next;
    }

    /// <summary>Ends the reply.</summary>
    /// <returns>Bytes of the buffer to send, cut to the allocation length.</returns>
    public int Complete()
    {
        EmitDescriptors();
        BinaryPrimitives.WriteUInt32BigEndian(_buffer, (uint)(_length - 4));
        return Math.Min(_length, _allocationLength);
    }

    private void EmitDescriptors()
    {
        while (_firstBlock < _nextBlock && _length + DescriptorLength <= _buffer.Length)
        {
            Span<byte> descriptor = _buffer.Slice(_length, DescriptorLength);
            uint blocks = (uint)Math.Min(_nextBlock - _firstBlock, uint.MaxValue);
            BinaryPrimitives.WriteInt64BigEndian(descriptor, _firstBlock);
            BinaryPrimitives.WriteUInt32BigEndian(descriptor[8..], blocks);
            descriptor[12] = (byte)(_mapped ? 0 : 1);
            _firstBlock += blocks;
            _length += DescriptorLength;
        }
    }
}

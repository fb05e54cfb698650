using CsiTcmu.Tcmu;

namespace CsiTcmu.KernelModel;

// The data area: which blocks a command has, and the way of its bytes there and back.
public sealed unsafe partial class KernelRing
{
    private bool TakeBlocks(Command command, int count)
    {
        command.BlockCount = 0;
        if (command.Blocks.Length < count) command.Blocks = new int[count];
        for (var block = _firstFreeBlock; command.BlockCount < count && block < _options.Blocks; block++)
        {
            if ((_usedBlocks[block >> 6] & 1UL << (block & 63)) != 0) continue;
            _usedBlocks[block >> 6] |= 1UL << (block & 63);
            command.Blocks[command.BlockCount++] = block;
            _firstFreeBlock = block + 1;
        }

        return command.BlockCount == count;
    }

    private void FreeBlocks(Command command)
    {
        for (var i = 0; i < command.BlockCount; i++)
        {
            var block = command.Blocks[i];
            _usedBlocks[block >> 6] &= ~(1UL << (block & 63));
            if (block < _firstFreeBlock) _firstFreeBlock = block;
        }

        command.BlockCount = 0;
    }

    private static int CountVectors(Command command)
    {
        var count = 0;
        for (var i = 0; i < command.BlockCount; i++)
        {
            if (i == 0 || command.Blocks[i] != command.Blocks[i - 1] + 1) count++;
        }

        return count;
    }

    private void WriteVectors(Command command, RingVector* vectors)
    {
        var count = 0;
        var left = command.Data.Length;
        for (var i = 0; i < command.BlockCount; i++)
        {
            var length = Math.Min(left, _options.BlockSize);
            left -= length;
            if (i > 0 && command.Blocks[i] == command.Blocks[i - 1] + 1) vectors[count - 1].Length += (ulong)length;
            else vectors[count++] = new RingVector { Offset = (ulong)(BlockAt(command.Blocks[i]) - Map), Length = (ulong)length };
        }
    }

    private byte* BlockAt(int block) => _data + (long)block * _options.BlockSize;

    private void Scatter(Command command)
    {
        var data = command.Data.Span;
        for (var i = 0; i < command.BlockCount; i++)
        {
            var length = Math.Min(data.Length, _options.BlockSize);
            data[..length].CopyTo(new Span<byte>(BlockAt(command.Blocks[i]), length));
            data = data[length..];
        }
    }

    private void Gather(Command command, int length)
    {
        var data = command.Data.Span[..length];
        for (var i = 0; data.Length > 0; i++)
        {
            var part = Math.Min(data.Length, _options.BlockSize);
            new Span<byte>(BlockAt(command.Blocks[i]), part).CopyTo(data);
            data = data[part..];
        }
    }

    private void Poison(Command command)
    {
        for (var i = 0; i < command.BlockCount; i++) new Span<byte>(BlockAt(command.Blocks[i]), _options.BlockSize).Fill(PoisonByte);
    }
}

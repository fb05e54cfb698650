using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Tests.Changes;

/// <summary>An image that is written, discarded and zeroed at random, with copies of it from time to time, and a record of which blocks were touched.</summary>
internal sealed class HistoryImage : IDisposable
{
    public const int Block = 4096;
    private const int Sector = 512;
    private const int KeepSize = 1, PunchHole = 2, ZeroRange = 16; // FALLOC_FL_*
    private readonly string _path;
    private readonly int _file;
    private readonly Random _random;
    private readonly List<HashSet<long>> _touched = [[]];

    public HistoryImage(string folder, long size, Random random)
    {
        _path = folder + "/image";
        _random = random;
        Size = size;
        _file = SystemCallException.Check(Syscalls.Open(_path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180), _path);
        SystemCallException.Check(Syscalls.Truncate(_file, size), _path);
    }

    public long Size { get; private set; }

    /// <summary>The copies, in the order in which they were made.</summary>
    public List<string> Copies { get; } = [];

    /// <summary>One operation of a random kind.</summary>
    public void Step()
    {
        switch (_random.Next(20))
        {
            case < 10:
                Write(_random.Next(4) == 0 ? Bytes.Zero : Bytes.Random);
                break;
            case < 14:
                Allocate(PunchHole | KeepSize);
                break;
            case < 17:
                Allocate(ZeroRange | KeepSize);
                break;
            case < 18:
                Allocate(KeepSize, touches: false); // makes room, changes nothing
                break;
            case < 19:
                SystemCallException.Check(Syscalls.DataSync(_file), _path);
                break;
            default:
                Size += 64 * Block;
                SystemCallException.Check(Syscalls.Truncate(_file, Size), _path);
                break;
        }
    }

    /// <summary>Makes a copy, by sharing blocks or by bytes.</summary>
    public void Copy(bool share)
    {
        var copy = $"{_path}-{Copies.Count}";
        if (share)
        {
            var file = SystemCallException.Check(Syscalls.Open(copy, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180), copy);
            SystemCallException.Check(Syscalls.Truncate(file, Size), copy);
            SystemCallException.Check(Syscalls.CloneRange(file, 0, _file, 0, 0), $"{copy} cannot share");
            _ = Syscalls.Close(file);
        }
        else
        {
            CopyBytes(copy);
        }

        Copies.Add(copy);
        _touched.Add([]);
    }

    /// <summary>Numbers of the blocks that operations have touched between one copy (-1: the beginning) and a later one.</summary>
    public HashSet<long> Touched(int earlier, int later) => [.. _touched.Skip(earlier + 1).Take(later - earlier).SelectMany(blocks => blocks)];

    public void Dispose()
    {
        _ = Syscalls.Close(_file);
        File.Delete(_path);
        Copies.ForEach(File.Delete);
    }

    private enum Bytes
    {
        Zero,
        Random,
    }

    private (long Offset, int Length) Range()
    {
        // Sectors within a block, whole blocks, and ranges over many.
        var unit = _random.Next(3) == 0 ? Sector : Block;
        var length = unit * _random.Next(1, _random.Next(4) == 0 ? 64 : 6);
        var offset = _random.NextInt64((Size - length) / unit) * unit;
        return (offset, length);
    }

    private unsafe void Write(Bytes kind)
    {
        var (offset, length) = Range();
        var data = new byte[length];
        if (kind == Bytes.Random)
        {
            // Half of it is the same byte, so that a file system that compresses does; none of it is zero.
            _random.NextBytes(data.AsSpan(0, length / 2));
            data.AsSpan(length / 2).Fill((byte)_random.Next(1, 256));
            for (var i = 0; i < length / 2; i++) data[i] |= 1;
        }

        fixed (byte* start = data)
        {
            var vector = new Iovec { Base = start, Length = (nuint)length };
            Assert.Equal(length, (int)Syscalls.WriteVector(_file, &vector, 1, offset));
        }

        Touch(offset, length);
    }

    private void CopyBytes(string copy)
    {
        var content = File.ReadAllBytes(_path);
        using var file = File.OpenHandle(copy, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.SetLength(file, content.Length);
        for (var offset = 0; offset < content.Length; offset += Block)
        {
            var block = content.AsSpan(offset, Block);
            if (block.ContainsAnyExcept((byte)0)) RandomAccess.Write(file, block, offset);
        }
    }

    private void Allocate(int mode, bool touches = true)
    {
        var (offset, length) = Range();
        SystemCallException.Check(Syscalls.Allocate(_file, mode, offset, length), $"fallocate {mode} {offset} {length}");
        if (touches) Touch(offset, length);
    }

    private void Touch(long offset, int length)
    {
        for (var block = offset / Block; block * Block < offset + length; block++) _touched[^1].Add(block);
    }
}

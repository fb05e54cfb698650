using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>
/// Runs random requests, many at a time, against a backstore and a byte array, and compares. Requests in flight never overlap but do share
/// blocks, so that a lost update of a neighbour shows.
/// </summary>
internal sealed unsafe class ModelTest(TestReactor reactor, int seed, byte[]? content = null)
{
    private const byte Guard = 0xEE;

    private readonly Random _random = new(seed);
    private readonly byte[] _model = content ?? new byte[reactor.Backstore.Size];
    private readonly HashSet<TestSlot> _active = [];
    private readonly Dictionary<TestSlot, (long Offset, long Length, BackstoreOperation Operation)> _ranges = [];

    // The vectors of a request are walked while it runs; this is how they were.
    private readonly Dictionary<TestSlot, List<(int Start, int Count)>> _layouts = [];

    public byte[] Model => _model;

    /// <summary>Runs requests of 512 bytes to <paramref name="longest"/>.</summary>
    public void Run(int count, int longest)
    {
        var started = 0;
        while (started < count || _active.Count > 0)
        {
            foreach (var slot in reactor.Slots)
            {
                if (started == count) break;
                if (!_active.Contains(slot) && TryStart(slot, longest)) started++;
            }
            Collect();
            if (_active.Count == 0) continue;
            reactor.Turn();
            Collect();
        }
    }

    /// <summary>Reads everything back through the backstore.</summary>
    public void CheckAll()
    {
        const int Piece = 1 << 20;
        for (long offset = 0; offset < _model.Length; offset += Piece)
        {
            var length = (int)Math.Min(Piece, _model.Length - offset);
            Assert.Equal(0, reactor.Run(BackstoreOperation.Read, offset, length));
            Assert.True(new Span<byte>(reactor.Slots[0].Memory, length).SequenceEqual(_model.AsSpan((int)offset, length)));
        }
    }

    private void Collect()
    {
        foreach (var slot in reactor.Slots)
        {
            if (_active.Contains(slot) && slot.IsDone) Finish(slot);
        }
    }

    private bool TryStart(TestSlot slot, int longest)
    {
        var operation = _random.Next(20) switch
        {
            < 8 => BackstoreOperation.Read,
            < 16 => BackstoreOperation.Write,
            < 17 => BackstoreOperation.Flush,
            < 19 => BackstoreOperation.Discard,
            _ => BackstoreOperation.WriteZeroes,
        };

        // Near others, in whole blocks or sectors, short or long, now and then at the very end.
        var unit = _random.Next(2) == 0 ? 4096 : 512;
        var most = _random.Next(12) == 0 ? longest : 16384;
        var length = _random.NextInt64(1, most / unit + 1) * unit;
        var offset = _random.Next(16) == 0 ? _model.Length - length : _random.NextInt64(0, (_model.Length - length) / unit + 1) * unit;
        if (_active.Count > 0 && _random.Next(2) == 0)
        {
            var (otherOffset, otherLength, _) = _ranges[_active.First()];
            offset = Math.Min(otherOffset + otherLength, _model.Length - length);
        }
        if (operation == BackstoreOperation.Flush) offset = length = 0;
        else if (_active.Any(other => Overlaps(_ranges[other], offset, length))) return false;

        slot.Set(operation, offset, length, forceUnitAccess: _random.Next(20) == 0, unpinnable: _random.Next(4) == 0);
        if (operation is BackstoreOperation.Read or BackstoreOperation.Write) LayOut(slot, length);
        var range = length == 0 ? [] : _model.AsSpan((int)offset, (int)length);
        switch (operation)
        {
            case BackstoreOperation.Write:
                _random.NextBytes(range);
                CopyToVectors(slot, range);
                break;
            case BackstoreOperation.Discard or BackstoreOperation.WriteZeroes:
                range.Clear();
                break;
        }
        _ranges[slot] = (offset, length, operation);
        _active.Add(slot);
        reactor.Start(slot);
        return true;
    }

    private static bool Overlaps((long Offset, long Length, BackstoreOperation Operation) other, long offset, long length) =>
        other.Operation != BackstoreOperation.Flush && offset < other.Offset + other.Length && other.Offset < offset + length;

    private void Finish(TestSlot slot)
    {
        _active.Remove(slot);
        var (offset, length, operation) = _ranges[slot];
        Assert.Equal(0, slot.Result);
        Assert.True(slot.Request->Buffer is null);
        if (operation != BackstoreOperation.Read) return;

        var at = (int)offset;
        var memory = GuardedMemory(slot);
        foreach (var (start, count) in _layouts[slot])
        {
            Assert.True(memory.Slice(start, count).SequenceEqual(_model.AsSpan(at, count)), $"Bytes at {at} differ.");
            memory.Slice(start, count).Fill(Guard);
            at += count;
        }
        Assert.Equal(length, at - offset);
        Assert.False(memory.ContainsAnyExcept(Guard), "Something was written outside of the vectors.");
    }

    private void LayOut(TestSlot slot, long length)
    {
        var layout = new List<(int Start, int Count)>();
        var kind = _random.Next(4);
        var at = 0;
        for (var left = (int)length; left > 0;)
        {
            var count = kind switch
            {
                0 => left, // one piece
                1 => Math.Min(left, 4096), // pages of the ring
                2 => Math.Min(left, _random.Next(1, 17) * 512), // sectors
                _ => Math.Min(left, _random.Next(1, 9000)), // anything, at any address
            };
            if (layout.Count > 800) count = left;
            var gap = kind == 3 ? _random.Next(1, 50) : count % 4096 == 0 || _random.Next(2) == 0 ? 0 : 4096 - (at % 4096);
            if (at + gap + left < TestSlot.MemoryLength - 8192) at += gap;
            layout.Add((at, count));
            at += count;
            left -= count;
        }
        for (var i = 0; i < layout.Count; i++)
            slot.Vectors[i] = new Iovec { Base = slot.Memory + layout[i].Start, Length = (nuint)layout[i].Count };
        slot.Request->VectorCount = layout.Count;
        _layouts[slot] = layout;
        GuardedMemory(slot).Fill(Guard);
        if (_random.Next(4) != 0) return;

        // More memory than the request needs.
        slot.Vectors[layout.Count - 1].Length += 512;
        slot.Vectors[layout.Count] = new Iovec { Base = slot.Memory + at + 1024, Length = 4096 };
        slot.Request->VectorCount++;
    }

    /// <summary>The memory of a request, with some behind it.</summary>
    private Span<byte> GuardedMemory(TestSlot slot)
    {
        var (start, count) = _layouts[slot][^1];
        return new Span<byte>(slot.Memory, start + count + 8192);
    }

    private void CopyToVectors(TestSlot slot, Span<byte> source)
    {
        foreach (var (start, count) in _layouts[slot])
        {
            source[..count].CopyTo(new Span<byte>(slot.Memory + start, count));
            source = source[count..];
        }
    }
}

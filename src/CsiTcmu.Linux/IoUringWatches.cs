using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>Where a watch stands.</summary>
internal enum WatchState
{
    /// <summary>The place is free.</summary>
    None,

    /// <summary>To be handed to the ring.</summary>
    Unarmed,

    /// <summary>In the ring.</summary>
    Armed,

    /// <summary>Being removed; its last completion is to come.</summary>
    Ending,
}

/// <summary>One watched descriptor.</summary>
internal struct IoUringWatch
{
    public ulong Token;
    public int File;

    /// <summary>Distinguishes this watch from an earlier one in the same place, whose removal may still stand in the ring.</summary>
    public uint Generation;
    public WatchState State;
}

/// <summary>The watches of one engine, in native memory that grows.</summary>
internal sealed unsafe class IoUringWatches : IDisposable
{
    private IoUringWatch* _places;
    private int _capacity;
    private int _unarmed;

    /// <summary>Places ever used; all indices are below.</summary>
    public int Count { get; private set; }

    public ref IoUringWatch this[int index] => ref _places[index];

    public void Add(int file, ulong token)
    {
        var index = 0;
        while (index < Count && _places[index].State != WatchState.None) index++;
        if (index == Count)
        {
            if (Count == _capacity) Expand();
            Count++;
        }
        ref var watch = ref _places[index];
        watch.Token = token;
        watch.File = file;
        watch.State = WatchState.Unarmed;
        watch.Generation++;
        _unarmed++;
    }

    public int Find(int file, ulong token, int first)
    {
        for (var index = first; index < Count; index++)
        {
            ref var watch = ref _places[index];
            if (watch.File == file && watch.Token == token && watch.State is not (WatchState.None or WatchState.Ending)) return index;
        }
        return -1;
    }

    public void Free(int index)
    {
        if (_places[index].State == WatchState.Unarmed) _unarmed--;
        _places[index].State = WatchState.None;
    }

    public void NeedsArming(int index)
    {
        _places[index].State = WatchState.Unarmed;
        _unarmed++;
    }

    public void Armed(int index)
    {
        _places[index].State = WatchState.Armed;
        _unarmed--;
    }

    public bool TryNextUnarmed(out int index)
    {
        index = 0;
        if (_unarmed == 0) return false;
        while (_places[index].State != WatchState.Unarmed) index++;
        return true;
    }

    public void Dispose()
    {
        NativeMemory.Free(_places);
        _places = null;
        _capacity = Count = _unarmed = 0;
    }

    private void Expand()
    {
        var capacity = Math.Max(64, _capacity * 2);
        _places = (IoUringWatch*)NativeMemory.Realloc(_places, (nuint)capacity * (nuint)sizeof(IoUringWatch));
        new Span<IoUringWatch>(_places + _capacity, capacity - _capacity).Clear();
        _capacity = capacity;
    }
}

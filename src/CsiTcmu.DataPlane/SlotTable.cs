using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane;

/// <summary>
/// The slots of one disk, each followed by room for its vectors, in memory that the kernel hands out page by page at first touch. A freed
/// slot is the next to be used, so that a disk never touches more of them than it once had commands in flight.
/// </summary>
internal sealed unsafe class SlotTable
{
    private const int ReadWrite = 1 | 2;
    private const int PrivateAnonymousNoReserve = 0x02 | 0x20 | 0x4000;
    private const int PageSize = 4096;

    private readonly int _stride;
    private readonly int _vectorCapacity;
    private readonly ulong _token;
    private readonly nuint _length;
    private byte* _memory;
    private int _initialised;
    private CommandSlot* _free;

    /// <summary>Reserves the memory.</summary>
    /// <param name="capacity">Number of slots.</param>
    /// <param name="maximumTransferLength">Longest transfer of a command in bytes.</param>
    /// <param name="token">Token of slot 0; slot i has this plus i.</param>
    /// <param name="scratchLength">Bytes of <see cref="Scratch"/>.</param>
    public SlotTable(int capacity, int maximumTransferLength, ulong token, int scratchLength)
    {
        Capacity = capacity;
        ScratchLength = scratchLength;
        _token = token;
        // One vector per page at worst, and one more for a transfer that starts inside of a page.
        _vectorCapacity = (maximumTransferLength / PageSize) + 1;
        _stride = (sizeof(CommandSlot) + (_vectorCapacity * sizeof(Iovec)) + 63) & ~63;
        _length = (nuint)scratchLength + ((nuint)_stride * (nuint)capacity);
        var error = Syscalls.Map(_length, ReadWrite, PrivateAnonymousNoReserve, -1, 0, out _memory);
        if (error < 0) throw new IOException($"No room for {_length} bytes of command slots (errno {-error}).");
    }

    /// <summary>Number of slots.</summary>
    public int Capacity { get; }

    /// <summary>Bytes of <see cref="Scratch"/>.</summary>
    public int ScratchLength { get; }

    /// <summary>Page-aligned memory for the one command that runs alone.</summary>
    public byte* Scratch => _memory;

    /// <summary>The slot of that number.</summary>
    public CommandSlot* this[int index] => (CommandSlot*)(_memory + ScratchLength + ((long)_stride * index));

    /// <summary>The slot that <see cref="Take"/> takes, or null when all are in use.</summary>
    public CommandSlot* Peek()
    {
        if (_free == null)
        {
            if (_initialised == Capacity) return null;
            var slot = this[_initialised];
            slot->Index = _initialised++;
            slot->Request.Token = _token + (ulong)slot->Index;
            slot->Command.Vectors = (Iovec*)(slot + 1);
            slot->Command.VectorCapacity = _vectorCapacity;
            _free = slot;
        }

        return _free;
    }

    /// <summary>Takes the slot that <see cref="Peek"/> has shown.</summary>
    public void Take() => _free = _free->Next;

    /// <summary>Gives a slot back.</summary>
    public void Return(CommandSlot* slot)
    {
        slot->Next = _free;
        _free = slot;
    }

    /// <summary>Gives the memory back. Nothing may be in flight.</summary>
    public void Free()
    {
        if (_memory == null) return;
        _ = Syscalls.Unmap(_memory, _length);
        _memory = null;
    }
}

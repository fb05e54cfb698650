namespace CsiTcmu.DataPlane;

/// <summary>A first-in first-out list of slots, linked through the slots themselves.</summary>
internal unsafe struct SlotQueue
{
    private CommandSlot* _first;
    private CommandSlot* _last;

    /// <summary>Number of slots in the list.</summary>
    public int Count { get; private set; }

    /// <summary>Appends a slot.</summary>
    public void Enqueue(CommandSlot* slot)
    {
        slot->Next = null;
        if (Count++ == 0) _first = slot;
        else _last->Next = slot;
        _last = slot;
    }

    /// <summary>Removes the first slot; there must be one.</summary>
    public CommandSlot* Dequeue()
    {
        var slot = _first;
        _first = slot->Next;
        Count--;
        return slot;
    }
}

using System.Runtime.InteropServices;
using CsiTcmu.Linux;
using CsiTcmu.Tcmu;

namespace CsiTcmu.KernelModel;

/// <summary>
/// The kernel's side of a mailbox and ring, over ordinary memory: what drivers/target/target_core_user.c does, in its order. Used by one
/// thread at a time; the user side may be another.
/// </summary>
public sealed unsafe partial class KernelRing : IDisposable
{
    private const byte PoisonByte = 0xa5;

    private readonly KernelRingOptions _options;
    private readonly ZeroCopyArea? _zeroCopy;
    private readonly Mailbox* _mailbox;
    private readonly byte* _ring;
    private readonly byte* _data;
    private readonly uint _size;
    private readonly ulong[] _usedBlocks;
    private readonly Command?[] _commands = new Command?[65536];
    private readonly Stack<Command> _spare = new();
    private readonly uint[] _lengths;
    private int _nextId = 1;
    private int _firstFreeBlock;
    private uint _head;
    private uint _lastCleaned;

    /// <summary>Makes an empty ring.</summary>
    public KernelRing(KernelRingOptions? options = null)
    {
        _options = options ?? new KernelRingOptions();
        ArgumentOutOfRangeException.ThrowIfNotEqual(_options.RingSize % 8, 0);
        _size = (uint)_options.RingSize;
        var dataOffset = ((long)sizeof(Mailbox) + _size + 4095) & ~4095L;
        var dataEnd = dataOffset + (long)_options.Blocks * _options.BlockSize;
        if (_options.ZeroCopyPages > 0) dataEnd = (dataEnd + 4095) & ~4095L;
        Length = dataEnd + (long)_options.ZeroCopyPages * ZeroCopyArea.PageSize;
        Map = Native.Reserve(Length, dataEnd);
        _mailbox = (Mailbox*)Map;
        _mailbox->Version = 2;
        _mailbox->Flags = (MailboxFlags)0x0f;
        _mailbox->RingOffset = (uint)sizeof(Mailbox);
        _mailbox->RingSize = _size;
        if (_options.ZeroCopyPages > 0)
        {
            _zeroCopy = new ZeroCopyArea(Map + dataEnd, _options.ZeroCopyPages);
            _mailbox->Flags |= MailboxFlags.ZeroCopy;
            _mailbox->ZeroCopyOffset = (ulong)dataEnd;
        }

        _ring = Map + sizeof(Mailbox);
        _data = Map + dataOffset;
        _lengths = new uint[_size / 8];
        _usedBlocks = new ulong[(_options.Blocks + 63) / 64];
    }

    /// <summary>Start of the mapping.</summary>
    public byte* Map { get; }

    /// <summary>Length of the mapping in bytes.</summary>
    public long Length { get; }

    /// <summary>Commands on the ring that are not completed.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Entries and PADs put on the ring since the start.</summary>
    public long Pads { get; private set; }

    /// <summary>Where the next entry goes.</summary>
    public uint Head => _head;

    /// <summary>Why the device is broken (<c>TCMU_DEV_BIT_BROKEN</c> in the kernel), or null.</summary>
    public string? BrokenReason { get; private set; }

    /// <summary>Puts a command on the ring.</summary>
    /// <param name="cdb">Its CDB; as many bytes as its operation code says.</param>
    /// <param name="direction">Where data goes.</param>
    /// <param name="data">The initiator's buffer: read now for data-out, written at the completion for data-in.</param>
    /// <param name="state">Handed back at the completion.</param>
    /// <param name="id">The id that the command has on the ring.</param>
    /// <returns>False when the ring or the data area has no room; the kernel parks such a command.</returns>
    public bool TrySubmit(ReadOnlySpan<byte> cdb, DataDirection direction, Memory<byte> data, object? state, out ushort id)
    {
        id = 0;
        if (BrokenReason is not null) throw new InvalidOperationException(BrokenReason);
        var blockCount = direction == DataDirection.None ? 0 : (data.Length + _options.BlockSize - 1) / _options.BlockSize;
        if (blockCount > _options.Blocks) throw new ArgumentException("The data can never fit the data area.", nameof(data));
        if (Outstanding == ushort.MaxValue) return false;

        var command = _spare.TryPop(out var spare) ? spare : new Command();
        command.Direction = blockCount == 0 ? DataDirection.None : direction;
        command.Data = data;
        command.State = state;
        if (!TryMap(command) && !TakeBlocks(command, blockCount))
        {
            FreeBlocks(command);
            _spare.Push(command);
            return false;
        }

        var vectorCount = command.IsMapped ? 1 : CountVectors(command);
        var length = Math.Max(RingEntry.VectorsOffset + sizeof(RingVector) * vectorCount, RingEntry.Size) + (cdb.Length + 7 & ~7);
        if (!TryMakeRoom((uint)length))
        {
            ReturnSlots(command);
            FreeBlocks(command);
            _spare.Push(command);
            return false;
        }

        id = command.Id = FreeId();
        _commands[id] = command;
        Outstanding++;

        var entry = (RingEntry*)(_ring + _head);
        NativeMemory.Clear(entry, (nuint)RingEntry.VectorsOffset);
        entry->LengthAndOperation = (uint)length | (uint)RingOperation.Command;
        entry->Id = id;
        entry->VectorCount = (uint)vectorCount;
        if (command.IsMapped) WriteMapped(command, entry);
        else WriteVectors(command, (RingVector*)((byte*)entry + RingEntry.VectorsOffset));
        var cdbAt = (byte*)entry + Math.Max(RingEntry.VectorsOffset + sizeof(RingVector) * vectorCount, RingEntry.Size);
        entry->CdbOffset = (ulong)(cdbAt - Map);
        cdb.CopyTo(new Span<byte>(cdbAt, cdb.Length));

        CountWay(command);
        if (command.IsMapped) _zeroCopy!.Show(command.FirstSlot, command.SlotCount, writable: command.Direction == DataDirection.In);
        else if (command.Direction == DataDirection.Out) Scatter(command);
        else if (_options.Poison) Poison(command);
        Advance((uint)length);
        return true;
    }

    /// <summary>Puts a task management notification on the ring.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TrySubmitTaskManagement(byte function, params ReadOnlySpan<ushort> ids)
    {
        var length = (uint)(RingEntry.TaskManagementSize + ids.Length * sizeof(ushort) + 7 & ~7);
        if (!TryMakeRoom(length)) return false;
        var entry = (RingTaskManagement*)(_ring + _head);
        NativeMemory.Clear(entry, length);
        entry->LengthAndOperation = length | (uint)RingOperation.TaskManagement;
        entry->Function = function;
        entry->CommandCount = (uint)ids.Length;
        ids.CopyTo(new Span<ushort>((byte*)entry + RingEntry.TaskManagementSize, ids.Length));
        Advance(length);
        return true;
    }

    /// <summary>Puts bytes on the ring as they are and moves the head over them: for entries that no kernel would make.</summary>
    /// <param name="entry">The bytes; they must fit up to the ring's end.</param>
    /// <param name="advance">How far the head goes; may be another number than the entry's length.</param>
    public void SubmitRaw(ReadOnlySpan<byte> entry, uint advance)
    {
        entry.CopyTo(new Span<byte>(_ring + _head, (int)(_size - _head)));
        Advance(advance);
    }

    /// <summary>Gives an entry another header word, and expects to find that when it is completed.</summary>
    public void Rewrite(uint position, uint lengthAndOperation)
    {
        ((RingEntry*)(_ring + position))->LengthAndOperation = lengthAndOperation;
        _lengths[position / 8] = lengthAndOperation;
    }

    /// <summary>Publishes any head.</summary>
    public void PublishHead(uint head) => Volatile.Write(ref _mailbox->Head, head);

    /// <summary>
    /// Looks at the completions (<c>tcmu_handle_completions</c>). The kernel does so on a kick, and whenever else it likes.
    /// </summary>
    /// <returns>How many commands ended.</returns>
    public int HandleCompletions(KernelCompletionHandler? completed = null)
    {
        if (BrokenReason is not null) return 0;
        var ended = 0;
        var tail = Volatile.Read(ref _mailbox->Tail);
        if (tail >= _size || tail % 8 != 0) return Break($"cmd_tail is {tail}");
        while (_lastCleaned != tail)
        {
            var response = (RingResponse*)(_ring + _lastCleaned);
            var lengthAndOperation = response->LengthAndOperation;
            var expected = _lengths[_lastCleaned / 8];
            if (expected == 0) return Break($"cmd_tail {tail} is not at the end of an entry");
            if (lengthAndOperation != expected) return Break($"len_op at {_lastCleaned} was 0x{expected:x} and is 0x{lengthAndOperation:x}");
            if ((RingOperation)(lengthAndOperation & RingEntry.OperationMask) is not (RingOperation.Pad or RingOperation.TaskManagement))
            {
                var id = response->Id;
                if (_commands[id] is not { } command) return Break($"cmd_id {id} not found");
                if (response->KernelFlags != KernelFlags.None) return Break($"kflags of cmd_id {id} are {response->KernelFlags}");
                if ((response->UserFlags & ~(ResponseFlags.UnknownOperation | ResponseFlags.ReadLength)) != ResponseFlags.None)
                    return Break($"uflags of cmd_id {id} are {response->UserFlags}");
                _commands[id] = null;
                if (id < _nextId) _nextId = id;
                Outstanding--;
                End(command, response, completed);
                ended++;
            }

            _lengths[_lastCleaned / 8] = 0;
            _lastCleaned = (_lastCleaned + (lengthAndOperation & ~RingEntry.OperationMask)) % _size;
        }

        return ended;
    }

    /// <summary>Ends every command with a status and empties the ring (<c>action/reset_ring</c>).</summary>
    public void Reset(byte status, KernelCompletionHandler? completed = null)
    {
        for (var id = 1; id < _commands.Length && Outstanding > 0; id++)
        {
            if (_commands[id] is not { } command) continue;
            _commands[id] = null;
            Outstanding--;
            Unmap(command);
            FreeBlocks(command);
            completed?.Invoke(new KernelCompletion((ushort)id, command.State, status, false, 0, null));
            Recycle(command);
        }

        _nextId = 1;
        _head = _lastCleaned = 0;
        Array.Clear(_lengths);
        BrokenReason = null;
        Volatile.Write(ref _mailbox->Tail, 0);
        Volatile.Write(ref _mailbox->Head, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Syscalls.Unmap(Map, (nuint)Length);
        _zeroCopy?.Dispose();
    }

    private int Break(string reason)
    {
        BrokenReason = reason;
        return 0;
    }

    private void End(Command command, RingResponse* response, KernelCompletionHandler? completed)
    {
        // tcmu_handle_completion(): a read length of 0 is taken for none; sense and data together only with a read length.
        var unknown = response->UserFlags.HasFlag(ResponseFlags.UnknownOperation);
        var status = unknown ? (byte)2 : response->Status;
        var dataLength = command.Data.Length;
        var readLength = dataLength;
        var hasReadLength = false;
        if (response->UserFlags.HasFlag(ResponseFlags.ReadLength) && command.Direction == DataDirection.In && response->ReadLength != 0)
        {
            hasReadLength = true;
            readLength = (int)Math.Min(response->ReadLength, (uint)dataLength);
        }

        // Pages that were mapped have what was written to them, whatever the answer says.
        var failed = status == 2 && !hasReadLength;
        if (command.IsMapped) Unmap(command);
        else if (command.Direction == DataDirection.In && !failed && !unknown) Gather(command, readLength);
        FreeBlocks(command);
        completed?.Invoke(new KernelCompletion(
            command.Id, command.State, status, unknown, command.Direction == DataDirection.In ? dataLength - readLength : 0,
            status == 2 && !unknown ? response->Sense : null));
        Recycle(command);
    }

    private void Recycle(Command command)
    {
        command.State = null;
        command.Data = default;
        _spare.Push(command);
    }

    private ushort FreeId()
    {
        // xa_alloc() gives the lowest free one.
        var id = _nextId;
        while (_commands[id] is not null) id++;
        _nextId = id + 1;
        return (ushort)id;
    }

    private bool TryMakeRoom(uint length)
    {
        if (length > _size / 2) throw new ArgumentException("The kernel refuses a command that needs more than half of the ring.");
        var toEnd = _size - _head;
        var needed = toEnd >= length ? length : length + toEnd;
        var used = _head >= _lastCleaned ? _head - _lastCleaned : _head + _size - _lastCleaned;
        if (_size - used - 1 < needed) return false;
        if (toEnd >= length) return true;
        var pad = (RingEntry*)(_ring + _head);
        NativeMemory.Clear(pad, RingEntry.HeaderSize);
        pad->LengthAndOperation = toEnd | (uint)RingOperation.Pad;
        Pads++;
        Advance(toEnd);
        return true;
    }

    private void Advance(uint length)
    {
        _lengths[_head / 8] = ((RingEntry*)(_ring + _head))->LengthAndOperation;
        _head = (_head + length) % _size;
        Volatile.Write(ref _mailbox->Head, _head);
    }

    private sealed class Command
    {
        public ushort Id;
        public DataDirection Direction;
        public Memory<byte> Data;
        public object? State;
        public int[] Blocks = [];
        public int BlockCount;
        public int FirstSlot;
        public int SlotCount;

        public bool IsMapped => SlotCount > 0;
    }
}

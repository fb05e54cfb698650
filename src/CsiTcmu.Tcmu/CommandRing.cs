using System.Numerics;
using System.Runtime.CompilerServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu;

/// <summary>The user side of one device's mailbox and command ring. Used by one thread.</summary>
/// <remarks>
/// <para>The protocol, step by step. Positions are byte offsets into the ring; all of them go round at its end.</para>
/// <code>
///        _published      _tail          _next          _head
///   ring ────┴─────────────┴──────────────┴──────────────┴────────
///            │ answered,   │ taken, not   │ published,   │ free
///            │ kernel does │ answered:    │ not taken    │
///            │ not know    │ Outstanding  │ yet          │
/// </code>
/// <list type="number">
/// <item>The kernel writes entries and then release-stores <c>cmd_head</c>. Here the head is loaded with acquire, so that the entries
/// below it are seen whole. With a plain load arm64 reads yesterday's entry.</item>
/// <item>An entry never wraps: where it would, the kernel puts a PAD up to the ring's end. PAD and TMR entries want no answer.</item>
/// <item>A command is copied out when it is taken (<c>_next</c> moves over it): its slot may be overwritten from then on.</item>
/// <item>An answer goes into the oldest taken slot, whichever command it is for; the kernel finds the command by the id in the answer.
/// There are never more answers than taken commands, so the slot that is overwritten was copied out before. The slot keeps its
/// length: the kernel steps by it.</item>
/// <item><c>_slots</c> remembers where taken commands' slots are, oldest first. After an answer the tail moves to the next of them, or to
/// <c>_next</c> when there is none: that passes over every PAD and TMR in between.</item>
/// <item><see cref="Publish"/> release-stores <c>cmd_tail</c>: the answers are whole before the kernel can see that they are there. The
/// kernel may look at any time, not only when it is kicked.</item>
/// <item>The kick (a write to the uio descriptor, by the caller) makes the kernel look; it frees ring and data space, and ends commands.</item>
/// </list>
/// <para>The ring trusts no field of an entry: all are checked against the mapping before memory is touched. An impossible one marks the
/// ring broken: nothing more is taken from it, while commands that were taken can still be answered.</para>
/// </remarks>
public sealed unsafe class CommandRing
{
    private const int CommandIds = 65536;
    private const byte CheckCondition = 2;

    private readonly byte* _map;
    private readonly long _length;
    private readonly Mailbox* _mailbox;
    private readonly byte* _ring;
    private readonly uint _size;
    private readonly ulong _dataOffset;
    private readonly ulong _dataEnd;

    private readonly ulong[] _outstanding = new ulong[CommandIds / 64];
    private readonly uint[] _slots;
    private readonly uint _slotMask;
    private uint _firstSlot;
    private uint _endSlot;

    private uint _published;
    private uint _tail;
    private uint _next;
    private uint _head;

    /// <summary>Reads and checks the mailbox of a mapping, and goes on at the tail that it holds.</summary>
    /// <remarks>
    /// Entries between tail and head are taken as new. That is right after an orderly end of the last server (every command that it took is
    /// answered) and after <c>reset_ring</c> (both are 0), and at no other time: see <c>docs/tcmu.md</c>.
    /// </remarks>
    /// <param name="map">Start of the mapping.</param>
    /// <param name="length">Length of the mapping in bytes.</param>
    /// <exception cref="InvalidDataException">The mailbox is not one that this code understands; the message says why.</exception>
    public CommandRing(byte* map, long length)
    {
        if (length < sizeof(Mailbox)) throw Unusable($"the mapping has {length} bytes, a mailbox needs {sizeof(Mailbox)}");
        _map = map;
        _length = length;
        _mailbox = (Mailbox*)map;
        if (_mailbox->Version != Mailbox.SupportedVersion)
            throw Unusable($"version is {_mailbox->Version}, known is {Mailbox.SupportedVersion}");
        const MailboxFlags Required = MailboxFlags.OutOfOrderCompletion | MailboxFlags.ReadLength;
        if ((_mailbox->Flags & Required) != Required)
            throw Unusable($"flags are 0x{(int)_mailbox->Flags:x}, 0x{(int)Required:x} are needed (Linux 5.4 or newer has them)");
        _size = _mailbox->RingSize;
        var offset = _mailbox->RingOffset;
        if (offset < sizeof(Mailbox) || offset % 8 != 0) throw Unusable($"cmdr_off is {offset}");
        _dataOffset = (ulong)offset + _size;
        if (_size < RingEntry.Size || _size % 8 != 0 || _dataOffset > (ulong)length)
            throw Unusable($"cmdr_size is {_size} at cmdr_off {offset} of a mapping of {length} bytes");
        _dataEnd = ReadDataEnd();
        _ring = map + offset;
        _tail = _mailbox->Tail;
        if (_tail >= _size || _tail % 8 != 0) throw Unusable($"cmd_tail is {_tail} in a ring of {_size} bytes");
        _published = _next = _head = _tail;

        // As many slots as entries fit, and no more than there are ids; a power of two, so that the counters may wrap.
        var capacity = Math.Min(_size / RingEntry.Size + 1, CommandIds);
        _slots = new uint[BitOperations.RoundUpToPowerOf2(capacity)];
        _slotMask = (uint)_slots.Length - 1;
    }

    /// <summary>Why the ring is broken, or null.</summary>
    public string? BrokenReason { get; private set; }

    /// <summary>Bytes of the zero copy area, behind the data area; 0 when there is none.</summary>
    public long ZeroCopyLength => _length - (long)_dataEnd;

    /// <summary>Commands taken and not yet completed.</summary>
    public int Outstanding => (int)(_endSlot - _firstSlot);

    /// <summary>True when the kernel has published entries that have not been taken.</summary>
    public bool HasEntries => _next != _head || Volatile.Read(ref _mailbox->Head) != _head;

    /// <summary>Takes the next entry that the kernel has published.</summary>
    /// <remarks>
    /// Commands that cannot be served at all are answered here: an unknown kind of entry or a CDB longer than
    /// <see cref="RingCommand.MaxCdbLength"/> with <c>UNKNOWN_OP</c>, a bidirectional command with ILLEGAL REQUEST, INVALID COMMAND
    /// OPERATION CODE. So there may be something to <see cref="Publish"/> after any call.
    /// </remarks>
    /// <param name="command">Is filled when the result is <see cref="RingTake.Command"/>; its contents are undefined otherwise.</param>
    public RingTake TryTake(RingCommand* command)
    {
        // Every round moves _next on towards a head that cannot pass _published, so this ends.
        while (BrokenReason is null)
        {
            if (_next == _head && !SeeNewHead()) return BrokenReason is null ? RingTake.Empty : RingTake.Broken;

            var position = _next;
            var entry = (RingEntry*)(_ring + position);
            var lengthAndOperation = entry->LengthAndOperation;
            var length = lengthAndOperation & ~RingEntry.OperationMask;
            var operation = (RingOperation)(lengthAndOperation & RingEntry.OperationMask);
            var room = (_head > position ? _head : _size) - position;
            if (length == 0 || length > room)
            {
                return Break(position, _head > position
                    ? $"len_op 0x{lengthAndOperation:x} has length {length} with {room} bytes up to cmd_head"
                    : $"len_op 0x{lengthAndOperation:x} has length {length} with {room} bytes up to the ring's end");
            }

            if (operation is RingOperation.Pad)
            {
                Pass(position, length);
                continue;
            }

            if (operation is RingOperation.TaskManagement)
            {
                if (length < RingEntry.TaskManagementSize) return Break(position, $"len_op 0x{lengthAndOperation:x} is too short for a TMR");
                Pass(position, length);
                return RingTake.TaskManagement;
            }

            // The slot must have room for an answer, and the id must be one that an answer can name.
            var id = entry->Id;
            if (length < RingEntry.Size) return Break(position, $"len_op 0x{lengthAndOperation:x} is too short for a command");
            if (id == 0) return Break(position, "cmd_id is 0");
            if (IsOutstanding(id)) return Break(position, $"cmd_id {id} is outstanding already");

            var refusal = Refusal.None;
            if (operation is not RingOperation.Command) refusal = Refusal.UnknownOperation;
            else if (CopyOut(entry, position, length, command, ref refusal) is { } fault) return Break(position, fault);

            Take(id, position, length);
            switch (refusal)
            {
                case Refusal.None:
                    command->Id = id;
                    return RingTake.Command;
                case Refusal.Bidirectional:
                    Complete(id, CheckCondition, InvalidOperationCode, -1);
                    break;
                default:
                    Answer(id, ResponseFlags.UnknownOperation, CheckCondition, default, 0);
                    break;
            }
        }

        return RingTake.Broken;
    }

    /// <summary>
    /// Writes the answer of a taken command into the oldest slot, in any order. The kernel sees it after <see cref="Publish"/>.
    /// </summary>
    /// <remarks>
    /// <para>The kernel hands the whole data buffer to the initiator of a read, whatever was written to it, with two exceptions: after
    /// CHECK CONDITION it hands over nothing, and with a <paramref name="readLength"/> of 1 or more it hands over that much. It takes a
    /// read length of 0 for none given. So before a read is answered with a <paramref name="readLength"/> of 0, or with a status such as
    /// BUSY, the caller clears the buffer (<see cref="RingCommand.ClearData"/>), which holds another command's bytes.</para>
    /// <para>With CHECK CONDITION and a <paramref name="readLength"/> of 1 or more the initiator gets both the data and the sense.</para>
    /// </remarks>
    /// <param name="id">The command. One that is not outstanding marks the ring broken and is not answered.</param>
    /// <param name="status">SCSI status byte.</param>
    /// <param name="sense">With CHECK CONDITION: up to 96 bytes (more is cut off); else empty.</param>
    /// <param name="readLength">How many bytes of data-in are valid, when fewer than the command's buffer; else -1.</param>
    public void Complete(ushort id, byte status, ReadOnlySpan<byte> sense, int readLength) =>
        Answer(id, readLength > 0 ? ResponseFlags.ReadLength : ResponseFlags.None, status, sense, readLength > 0 ? (uint)readLength : 0);

    /// <summary>Lets the kernel see what was completed since the last call.</summary>
    /// <returns>True when there was something, so that the kernel wants a kick (<see cref="UioDevice.Kick"/>).</returns>
    public bool Publish()
    {
        if (_tail == _published) return false;
        Volatile.Write(ref _mailbox->Tail, _tail);
        _published = _tail;
        return true;
    }

    /// <summary>Fixed format sense data: ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE (SPC-4, 4.5.3).</summary>
    private static ReadOnlySpan<byte> InvalidOperationCode => [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0];

    /// <summary>Where the data area ends: at the zero copy area or, without one, with the mapping.</summary>
    private ulong ReadDataEnd()
    {
        if (!_mailbox->Flags.HasFlag(MailboxFlags.ZeroCopy)) return (ulong)_length;
        var offset = _mailbox->ZeroCopyOffset;
        return offset % 4096 == 0 && offset >= _dataOffset && offset < (ulong)_length
            ? offset
            : throw Unusable($"zc_off is {offset} with data from {_dataOffset} on, in a mapping of {_length} bytes");
    }

    /// <summary>Loads the head; false when nothing is new or the head is impossible.</summary>
    private bool SeeNewHead()
    {
        var head = Volatile.Read(ref _mailbox->Head);
        if (head == _head) return false;

        // The kernel writes from _next on and stops short of the tail that it was told.
        if (head >= _size || head % 8 != 0 || Distance(_published, head) < Distance(_published, _next))
        {
            Break(_next, $"cmd_head is {head} with cmd_tail {_published} in a ring of {_size} bytes");
            return false;
        }

        _head = head;
        return true;
    }

    private uint Distance(uint from, uint to) => to >= from ? to - from : to + _size - from;

    /// <summary>Checks a command's entry and copies it out.</summary>
    /// <returns>What is impossible about it, or null.</returns>
    private string? CopyOut(RingEntry* entry, uint position, uint length, RingCommand* command, ref Refusal refusal)
    {
        var vectors = entry->VectorCount;
        var bidirectional = entry->BidirectionalVectorCount;
        var header = RingEntry.VectorsOffset + (ulong)sizeof(RingVector) * ((ulong)vectors + bidirectional);
        if (header > length) return $"iov_cnt {vectors} and iov_bidi_cnt {bidirectional} do not fit an entry of {length} bytes";

        var start = (ulong)(_ring - _map) + position;
        var cdbOffset = entry->CdbOffset;
        if (cdbOffset < start + header || cdbOffset >= start + length)
            return $"cdb_off {cdbOffset} is outside of what the entry has for it, {start + header} to {start + length}";
        var cdb = _map + cdbOffset;
        var cdbRoom = (uint)(start + length - cdbOffset);
        var cdbLength = CdbLength(cdb, cdbRoom);
        if (cdbLength > cdbRoom) return $"the CDB with operation code 0x{*cdb:x2} needs {cdbLength} bytes and the entry has {cdbRoom}";

        command->Place = DataPlace.Copied;
        if (CopyVectors((RingVector*)((byte*)entry + RingEntry.VectorsOffset), vectors + bidirectional, command) is { } fault) return fault;
        if (ZeroCopyLength != 0 && ReadPlace(entry->KernelFlags, command) is { } contradiction) return contradiction;

        if (cdbLength > RingCommand.MaxCdbLength) refusal = Refusal.UnknownOperation;
        else if (bidirectional != 0) refusal = Refusal.Bidirectional;
        else
        {
            command->CdbLength = (int)cdbLength;
            new ReadOnlySpan<byte>(cdb, (int)cdbLength).CopyTo(new Span<byte>(command->Cdb, RingCommand.MaxCdbLength));
        }

        return null;
    }

    private string? CopyVectors(RingVector* vectors, uint count, RingCommand* command)
    {
        var taken = 0;
        var total = 0L;
        byte* end = null;
        for (uint i = 0; i < count; i++)
        {
            var offset = vectors[i].Offset;
            var length = vectors[i].Length;
            if (length > _dataEnd || offset < _dataOffset || offset > _dataEnd - length)
            {
                if (!IsInZeroCopyArea(offset, length) || count != 1) return Outside(i, offset, length);
                command->Place = DataPlace.Mapped;
            }

            if (length == 0) continue;
            var address = _map + offset;
            if (address == end)
            {
                command->Vectors[taken - 1].Length += (nuint)length;
            }
            else
            {
                if (taken == command->VectorCapacity) return $"iov_cnt {count} needs more than the {taken} vectors that are kept";
                command->Vectors[taken++] = new Iovec { Base = address, Length = (nuint)length };
            }

            end = address + length;
            total += (long)length;
        }

        command->VectorCount = taken;
        command->DataLength = total;
        return null;
    }

    private bool IsInZeroCopyArea(ulong offset, ulong length) =>
        offset >= _dataEnd && length <= (ulong)ZeroCopyLength && offset <= (ulong)_length - length && length != 0;

    private string Outside(uint index, ulong offset, ulong length) =>
        $"iov[{index}] with {length} bytes at {offset} is outside of the data area, {_dataOffset} to {_dataEnd}" +
        (ZeroCopyLength == 0 ? "" : $", and not the only one in the zero copy area, {_dataEnd} to {_length}");

    /// <summary>Compares what the kernel says of a command's memory with where that lies.</summary>
    /// <returns>The contradiction, or null.</returns>
    private static string? ReadPlace(KernelFlags flags, RingCommand* command)
    {
        var isMapped = command->Place != DataPlace.Copied;
        if (flags.HasFlag(KernelFlags.ZeroCopy) != isMapped || (flags.HasFlag(KernelFlags.ReadOnly) && !isMapped))
            return $"kflags are {(int)flags} for data in the {(isMapped ? "zero copy" : "data")} area";
        if (flags.HasFlag(KernelFlags.ReadOnly)) command->Place = DataPlace.MappedReadOnly;
        return null;
    }

    // The small methods of the way of every command are inlined by order: without a profile the compiler takes the loop around them for
    // too large, and the calls cost as much as what they do (measured: docs/data-plane.md).

    /// <summary>Length of a CDB by its operation code, as the kernel reckons it (<c>scsi_command_size</c>, scsi_common.h).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint CdbLength(byte* cdb, uint room) => cdb[0] switch
    {
        0x7f => room < 8 ? 8 : 8u + cdb[7],
        < 0x20 => 6,
        < 0x60 => 10,
        < 0x80 => 12,
        < 0xa0 => 16,
        < 0xc0 => 12,
        _ => 10,
    };

    /// <summary>Moves over an entry that wants no answer.</summary>
    private void Pass(uint position, uint length)
    {
        _next = After(position, length);
        if (_firstSlot == _endSlot) _tail = _next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(ushort id, uint position, uint length)
    {
        _outstanding[id >> 6] |= 1UL << (id & 63);
        _slots[_endSlot++ & _slotMask] = position;
        _next = After(position, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint After(uint position, uint length) => position + length == _size ? 0 : position + length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsOutstanding(ushort id) => (_outstanding[id >> 6] & 1UL << (id & 63)) != 0;

    private void Answer(ushort id, ResponseFlags flags, byte status, ReadOnlySpan<byte> sense, uint readLength)
    {
        if (!IsOutstanding(id))
        {
            Break(_tail, $"an answer was given for cmd_id {id}, which is not outstanding");
            return;
        }

        _outstanding[id >> 6] &= ~(1UL << (id & 63));
        var response = (RingResponse*)(_ring + _slots[_firstSlot++ & _slotMask]);
        response->Id = id;
        response->KernelFlags = KernelFlags.None;
        response->UserFlags = flags;
        response->Status = status;
        response->ReadLength = readLength;
        if (status == CheckCondition)
        {
            // The kernel passes on all 96 bytes, and there is an old request in them.
            var buffer = new Span<byte>(response->Sense, RingResponse.SenseCapacity);
            var length = Math.Min(sense.Length, buffer.Length);
            sense[..length].CopyTo(buffer);
            buffer[length..].Clear();
        }

        _tail = _firstSlot == _endSlot ? _next : _slots[_firstSlot & _slotMask];
    }

    private RingTake Break(uint position, string reason)
    {
        BrokenReason ??= $"ring entry at offset {position}: {reason}";
        return RingTake.Broken;
    }

    private static InvalidDataException Unusable(string reason) =>
        new($"The TCMU mailbox is not usable: {reason}. The kernel is too old or too new for this program, or this is not a TCMU mapping.");

    private enum Refusal
    {
        None,
        UnknownOperation,
        Bidirectional,
    }
}

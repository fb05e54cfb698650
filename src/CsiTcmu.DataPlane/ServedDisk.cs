using CsiTcmu.Backstores;
using CsiTcmu.DataPlane.Limits;
using CsiTcmu.DataPlane.Operations;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane;

/// <summary>A device with its ring, its backstore and the commands between the two.</summary>
/// <remarks>
/// <para>Everything but the members of <see cref="IServedDisk"/> belongs to the reactor's thread. A turn of a disk, step by step:</para>
/// <list type="number">
/// <item>Requests that the engine had no room for are tried again. While one is left, nothing is taken from the ring.</item>
/// <item>Commands are taken from the ring, decoded, and answered or begun. This ends when the ring is empty, all slots are in use, the
/// gate is closed, or the disk has started its share of commands; only in the last case does it ask for another turn by itself. In all
/// others something comes that gives it one: an event, a completion, the end of a hold.</item>
/// <item>The answers since the last turn are published, with one kick for all of them.</item>
/// <item>When nothing is in flight, whoever waits for that is told: holds, the end of the disk.</item>
/// </list>
/// <para>The gate. A command that needs the disk for itself is kept in <see cref="_blocked"/> until nothing is in flight, then runs alone.
/// Nothing is taken from the ring meanwhile, so whatever came later stays behind it in order, and the ring is the only queue. A hold
/// closes the same gate. It lets a command that waits there wait on. So do a limit and a copy in the making: see
/// <c>ServedDisk.Limits.cs</c> and <c>ServedDisk.Uncopied.cs</c>.</para>
/// </remarks>
internal sealed unsafe partial class ServedDisk : IServedDisk
{
    /// <summary>Enough to make a compare or a repeated block cost few requests; touched only when such a command comes.</summary>
    private const int ScratchLength = 256 * 1024;

    private readonly Reactor _reactor;
    private readonly UioDevice _device;
    private readonly Action<ServedDisk> _forget;
    private readonly CommandRing _ring;
    private readonly Medium _medium;
    private readonly SlotTable _slots;
    private readonly int _commandsPerTurn;

    private SlotQueue _busy;
    private CommandSlot* _blocked;
    private bool _exclusive;
    private int _acknowledgement;
    private long _now;

    /// <summary>Makes a disk that <see cref="StartAsync"/> hands to its reactor.</summary>
    /// <param name="reactor">The reactor.</param>
    /// <param name="number">The disk's place in it.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="device">The device; belongs to the disk from now on, unless this fails.</param>
    /// <param name="unit">What the disk says of itself.</param>
    /// <param name="store">Where its bytes live; belongs to the disk from now on, unless this fails.</param>
    /// <param name="forget">Is called when everything has been given back.</param>
    /// <param name="limits">How much it may do; null for no limits.</param>
    /// <exception cref="InvalidDataException">The device's ring is not one that this code understands.</exception>
    public ServedDisk(
        Reactor reactor,
        int number,
        DataPlaneOptions options,
        UioDevice device,
        LogicalUnit unit,
        IBackstore store,
        Action<ServedDisk> forget,
        DiskLimits? limits = null)
    {
        _reactor = reactor;
        Number = number;
        _device = device;
        _forget = forget;
        _commandsPerTurn = options.CommandsPerTurn;
        _ring = new CommandRing(device.Map, device.Length);
        _hasZeroCopy = _ring.ZeroCopyLength > 0;
        _slots = new SlotTable(options.MaximumInFlight, Reactor.Token(number, 0), ScratchLength);
        _throttle = new Throttle(limits ?? DiskLimits.None, reactor.Clock);

        // Between two turns all that is in flight may end, and in a turn all that it takes.
        var answers = options.MaximumInFlight + options.CommandsPerTurn;
        _readLatency = new LatencyCounter(reactor.Clock, answers);
        _writeLatency = new LatencyCounter(reactor.Clock, answers);
        _medium = new Medium(store, unit, _slots.Scratch, _slots.ScratchLength);
        Closed = CloseAsync();
    }

    /// <summary>The disk's place in its reactor.</summary>
    public int Number { get; }

    /// <summary>The descriptor to watch.</summary>
    public int File => _device.File;

    /// <summary>True while nobody watches the device, so that the reactor looks at the ring itself.</summary>
    public bool IsAwake { get; set; }

    /// <summary>True when there is something on the ring that a turn would take.</summary>
    public bool HasNews => _ring.HasEntries && MayTake && _blocked == null && !_stopping && _slots.Peek() != null;

    /// <summary>True once the reactor has taken the disk.</summary>
    public bool IsAttached { get; set; }

    /// <summary>True while the disk is in the reactor's list of disks that have something to do.</summary>
    public bool IsReady { get; set; }

    /// <summary>True when a request waits for room in the engine.</summary>
    public bool IsBusy => _busy.Count > 0;

    /// <summary>The time of this turn: the clock is read when a command is taken or charged, and once.</summary>
    private long Now => _now != 0 ? _now : _now = _reactor.Clock.GetTimestamp();

    private bool MayTake => !_exclusive && _busy.Count == 0 && _holds.Count == 0 && _fault is null;

    /// <summary>
    /// Before the device is watched: acknowledges its events so far, <em>then</em> looks at the ring. What the kernel puts there after that
    /// look makes a new event.
    /// </summary>
    /// <returns>False when the disk wants a turn first, because there is something on the ring, or the device is gone.</returns>
    public bool TryRest()
    {
        _acknowledgement = _device.Acknowledge();
        return _acknowledgement == 0 && !HasNews;
    }

    /// <summary>Does what there is to do.</summary>
    /// <returns>True when the disk wants another turn without waiting for anything.</returns>
    public bool Turn()
    {
        DueAt = null;
        _now = 0;
        if (_leaving) return false;
        if (_acknowledgement < 0) Break($"the device is gone or unreadable (errno {-_acknowledgement})");
        RetryBusy();
        var more = Take();
        Publish();
        if (_inFlight == 0) OnQuiet();
        return more;
    }

    private bool Take()
    {
        for (var share = _commandsPerTurn; share > 0; share--)
        {
            if (!MayTake) return false;
            if (_blocked != null)
            {
                if (!MayBegin(_blocked)) return false;
                var slot = _blocked;
                _blocked = null;
                if (_isThrottled) EndThrottled();
                Begin(slot);
                continue;
            }

            if (_stopping) return false;
            var free = _slots.Peek();
            if (free == null) return false;
            switch (_ring.TryTake(&free->Command))
            {
                case RingTake.Command:
                    _slots.Take();
                    free->TakenAt = Now;
                    if (_hasZeroCopy) CountWay(free);
                    Admit(free);
                    break;
                case RingTake.TaskManagement:
                    // The kernel waits for the commands to end by themselves, and they do.
                    break;
                case RingTake.Broken:
                    Break(_ring.BrokenReason!);
                    return false;
                default:
                    return false;
            }
        }

        return true;
    }

    private void Publish()
    {
        if (!_ring.Publish()) return;
        var error = _device.Kick();
        var now = _reactor.Clock.GetTimestamp();
        _readLatency.Publish(now);
        _writeLatency.Publish(now);
        if (error < 0) Break($"the device does not take answers (errno {-error})");
        if (_ring.BrokenReason is { } reason) Break(reason);
    }

    /// <summary>Ends the service for a reason that is not the owner's wish. What is in flight goes on to its end.</summary>
    private void Break(string reason)
    {
        if (_fault is not null) return;
        Volatile.Write(ref _fault, reason);
        _blocked = null;
        _reactor.Unwatch(this);
    }

    /// <summary>Nothing is in flight, and every answer is published.</summary>
    private void OnQuiet()
    {
        foreach (var hold in _holds) hold.Grant();
        var ends = _fault is not null || (_stopping && _blocked == null && _holds.Count == 0);
        if (!ends) return;
        _leaving = true;
        _reactor.Unwatch(this);
        _reactor.Detach(this);
        _detached.SetResult();
    }

    /// <summary>Decodes a command that has just been taken, and answers it, begins it, or leaves it at the gate.</summary>
    private void Admit(CommandSlot* slot)
    {
        var reply = _reactor.Reply;
        var cdb = new ReadOnlySpan<byte>(slot->Command.Cdb, slot->Command.CdbLength);
        CommandDecoder.Decode(_medium.Unit, cdb, slot->Command.DataLength, reply, out slot->Scsi);
        if (slot->Command.Place == DataPlace.MappedReadOnly && FillsData(slot))
        {
            slot->Fail(SenseCode.InvalidFieldInCommandInformationUnit);
            Answer(slot);
        }
        else if (slot->Scsi.Operation == ScsiOperation.Answered)
        {
            slot->Status = slot->Scsi.Status;
            slot->Sense = slot->Scsi.Sense;
            slot->Field = slot->Scsi.Field;
            slot->Information = -1;
            slot->DataIn = Math.Min(slot->Scsi.ReplyLength, slot->Command.DataLength);
            Vectors.CopyIn(slot->Command.Vectors, slot->Command.VectorCount, reply.AsSpan(0, (int)slot->DataIn));
            Answer(slot);
        }
        else if (Operation.Start(slot, _medium) == Step.Done)
        {
            Answer(slot);
        }
        else if (MayBegin(slot))
        {
            Begin(slot);
        }
        else
        {
            _blocked = slot;
        }
    }
}

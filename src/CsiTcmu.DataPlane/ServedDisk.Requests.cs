using CsiTcmu.Backstores;
using CsiTcmu.DataPlane.Operations;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane;

/// <summary>Requests to the backstore, from the first one of a command to its answer.</summary>
internal sealed unsafe partial class ServedDisk
{
    /// <summary>Goes on with the command whose engine operation has ended.</summary>
    public void OnCompletion(int slotNumber, int result)
    {
        var slot = _slots[slotNumber];
        Resume(slot, result);
    }

    private void Begin(CommandSlot* slot)
    {
        Volatile.Write(ref _inFlight, _inFlight + 1);
        _exclusive = slot->Exclusive;
        BeginRequest(slot);
    }

    private void BeginRequest(CommandSlot* slot) => Advance(slot, _medium.Store.Begin(&slot->Request, _reactor.Engine), SlotWait.Begin);

    private void Resume(CommandSlot* slot, int result)
    {
        slot->WaitResult = result;
        Advance(slot, _medium.Store.Resume(&slot->Request, result, _reactor.Engine), SlotWait.Resume);
    }

    /// <summary>Takes what the backstore has answered, and begins request after request until one goes on in the engine or the command ends.</summary>
    private void Advance(CommandSlot* slot, int result, SlotWait wait)
    {
        while (true)
        {
            if (result == IBackstore.Pending) return;
            if (result == IBackstore.Busy)
            {
                slot->Wait = wait;
                _busy.Enqueue(slot);
                return;
            }

            if (result < 0)
            {
                CountFailure(result, slot->Request.Operation);
                slot->Fail(SenseMapping.FromError(result, slot->Request.Operation));
                break;
            }

            if (Operation.Continue(slot, _medium) == Step.Done) break;
            if (_fault is not null)
            {
                // A command of a disk that is not served any more goes no further than the request that it had begun.
                slot->Fail(SenseCode.InternalTargetFailure);
                break;
            }

            wait = SlotWait.Begin;
            result = _medium.Store.Begin(&slot->Request, _reactor.Engine);
        }

        Volatile.Write(ref _inFlight, _inFlight - 1);
        if (slot->Exclusive) _exclusive = false;
        Answer(slot);
    }

    /// <summary>Tries again what the engine had no room for, until it has none again.</summary>
    private void RetryBusy()
    {
        for (var left = _busy.Count; left > 0; left--)
        {
            var before = _busy.Count;
            var slot = _busy.Dequeue();
            var wait = slot->Wait;
            slot->Wait = SlotWait.None;
            if (wait == SlotWait.Begin) BeginRequest(slot);
            else Resume(slot, slot->WaitResult);
            if (_busy.Count == before) return;
        }
    }

    /// <summary>Writes the answer of a command into the ring and frees its slot.</summary>
    /// <remarks>
    /// The data area's pages hold bytes of earlier commands, so whatever the initiator is to read has to be accounted for. With CHECK
    /// CONDITION the kernel delivers nothing. Else it delivers the whole buffer, or as much as it is told; but it cannot be told zero, so
    /// then the buffer is cleared. A write's buffer goes nowhere, and clearing it would cost as much as the write; where it is the initiator's
    /// own, it takes no store.
    /// </remarks>
    private void Answer(CommandSlot* slot)
    {
        if (slot->Status == ScsiStatus.CheckCondition)
        {
            AnswerWithSense(slot);
        }
        else
        {
            var readLength = -1;
            if (slot->DataIn > 0 && slot->DataIn < slot->Command.DataLength) readLength = (int)slot->DataIn;
            else if (slot->DataIn == 0 && slot->Scsi.Operation != ScsiOperation.Write && slot->Command.Place != DataPlace.MappedReadOnly) slot->Command.ClearData();
            _ring.Complete(slot->Command.Id, (byte)slot->Status, default, readLength);
            Count(slot);
        }

        _slots.Return(slot);
    }

    private void AnswerWithSense(CommandSlot* slot)
    {
        Span<byte> sense = stackalloc byte[SenseData.MaximumLength];
        var length = SenseData.Write(sense, slot->Sense, slot->Information < 0 ? null : (ulong)slot->Information, slot->Field);
        _ring.Complete(slot->Command.Id, (byte)slot->Status, sense[..length], -1);
    }
}

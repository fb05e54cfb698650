using CsiTcmu.Backstores;
using CsiTcmu.Linux;
using CsiTcmu.Scsi;
using CsiTcmu.Tcmu;

namespace CsiTcmu.DataPlane;

/// <summary>What a command that could not go on waits for.</summary>
internal enum SlotWait : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>To begin its request again: the engine was full.</summary>
    Begin,

    /// <summary>To hand <see cref="CommandSlot.WaitResult"/> to its backstore again: the engine was full.</summary>
    Resume,
}

/// <summary>
/// Everything about one command from the ring to its answer. Lives in a <see cref="SlotTable"/>; belongs to the reactor's thread, and while
/// a request is in flight the engine reads what <see cref="Request"/> points to.
/// </summary>
internal unsafe struct CommandSlot
{
    /// <summary>The command as it came.</summary>
    public RingCommand Command;

    /// <summary>What it means.</summary>
    public ScsiCommand Scsi;

    /// <summary>The request to the backstore that is under way or comes next.</summary>
    public BackstoreRequest Request;

    /// <summary>The one vector of a request that goes through the disk's scratch buffer.</summary>
    public Iovec ScratchVector;

    /// <summary>Progress of an operation of several steps; its meaning belongs to the operation.</summary>
    public long Position;

    /// <summary>With CHECK CONDITION: the INFORMATION field of the sense data, or -1 for none.</summary>
    public long Information;

    /// <summary>Valid bytes of data-in. The rest of the command's buffer is cut off or zeroed.</summary>
    public long DataIn;

    /// <summary>When the turn began that took the command off the ring, in ticks of the reactor's clock.</summary>
    public long TakenAt;

    /// <summary>Number of the slot in its table.</summary>
    public int Index;

    /// <summary>The next slot of the list that this one is in, or null.</summary>
    public CommandSlot* Next;

    /// <summary>What the backstore has to be told again.</summary>
    public int WaitResult;

    /// <summary>What the command waits for.</summary>
    public SlotWait Wait;

    /// <summary>Which step an operation of several kinds of steps is at; its meaning belongs to the operation.</summary>
    public byte Phase;

    /// <summary>True when no other command of the disk may be in flight beside this one.</summary>
    public bool Exclusive;

    /// <summary>The answer.</summary>
    public ScsiStatus Status;

    /// <summary>With CHECK CONDITION: why.</summary>
    public SenseCode Sense;

    /// <summary>With CHECK CONDITION: the field of the CDB or parameter list that is refused, if it is one.</summary>
    public FieldPointer Field;

    /// <summary>Makes the answer CHECK CONDITION.</summary>
    public Step Fail(SenseCode sense, long information = -1, FieldPointer field = default)
    {
        Status = ScsiStatus.CheckCondition;
        Sense = sense;
        Information = information;
        Field = field;
        DataIn = 0;
        return Step.Done;
    }

    /// <summary>Makes the answer GOOD.</summary>
    public Step Succeed(long dataIn = 0)
    {
        Status = ScsiStatus.Good;
        DataIn = dataIn;
        return Step.Done;
    }

    /// <summary>Sets <see cref="Request"/> up without memory.</summary>
    public Step Ask(BackstoreOperation operation, long offset, long length)
    {
        // The token names the slot for its whole life; the backstore's own two fields start from zero.
        Request = new BackstoreRequest
        {
            Operation = operation,
            ForceUnitAccess = Scsi.ForceUnitAccess,
            Offset = offset,
            Length = length,
            Token = Request.Token,
        };
        return Step.Request;
    }

    /// <summary>Sets <see cref="Request"/> up for the command's own memory, or a part of it.</summary>
    public Step AskData(BackstoreOperation operation, long offset, long length, Iovec* vectors, int vectorCount)
    {
        AskVectors(operation, offset, length, vectors, vectorCount);
        Request.Unpinnable = Command.Place != DataPlace.Copied;
        return Step.Request;
    }

    /// <summary>Sets <see cref="Request"/> up for ordinary memory.</summary>
    public Step AskVectors(BackstoreOperation operation, long offset, long length, Iovec* vectors, int vectorCount)
    {
        Ask(operation, offset, length);
        Request.Vectors = vectors;
        Request.VectorCount = vectorCount;
        return Step.Request;
    }
}

/// <summary>What comes after a step of an operation.</summary>
internal enum Step
{
    /// <summary>The slot's request is to be begun.</summary>
    Request,

    /// <summary>The slot's answer is complete.</summary>
    Done,
}

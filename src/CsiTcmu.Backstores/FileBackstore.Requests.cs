using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

public sealed unsafe partial class FileBackstore
{
    // BackstoreRequest.State: the step in the top byte, below it the mark of a step that the engine has not taken, then the bytes done.
    private const int StepShift = 56;
    private const long NotIssued = 1L << 55;
    private const long DoneMask = NotIssued - 1;

    /// <summary>What the engine does, or is to do, for a request.</summary>
    private enum Step : byte
    {
        /// <summary>The request has not begun.</summary>
        None,

        /// <summary>Reads or writes the request's own memory.</summary>
        Transfer,

        /// <summary>Reads whole blocks around the request into the bounce buffer.</summary>
        ReadBlocks,

        /// <summary>Reads the first block that a write changes in part.</summary>
        FillFirst,

        /// <summary>Reads the last block that a write changes in part.</summary>
        FillLast,

        /// <summary>Writes whole blocks from the bounce buffer.</summary>
        WriteBlocks,

        /// <summary>Makes a hole.</summary>
        Punch,

        /// <summary>Writes zeroes where holes cannot be made.</summary>
        Zero,

        /// <summary>Makes durable what was done.</summary>
        Sync,
    }

    /// <inheritdoc/>
    public int Begin(BackstoreRequest* request, IIoEngine engine)
    {
        if (request->State == 0)
        {
            var answer = Start(request);
            if (answer != IBackstore.Pending) return Finish(request, answer);
        }
        return Issue(request, engine);
    }

    /// <inheritdoc/>
    public int Resume(BackstoreRequest* request, int result, IIoEngine engine)
    {
        if ((request->State & NotIssued) == 0)
        {
            var answer = Book(request, result);
            if (answer != IBackstore.Pending) return Finish(request, answer);
        }
        return Issue(request, engine);
    }

    private static long Done(BackstoreRequest* request) => request->State & DoneMask;

    private static int Enter(BackstoreRequest* request, Step step, long done)
    {
        request->State = ((long)step << StepShift) | done;
        return IBackstore.Pending;
    }

    /// <summary>Checks a request and enters its first step.</summary>
    private int Start(BackstoreRequest* request)
    {
        if (request->Operation == BackstoreOperation.Flush) return Enter(request, Step.Sync, 0);
        var offset = request->Offset;
        var length = request->Length;
        if (offset < 0 || length < 0 || offset > _size - length || ((offset | length) & 511) != 0) return -Errno.InvalidArgument;
        if (length == 0) return 0;
        if (request->Operation is BackstoreOperation.Discard or BackstoreOperation.WriteZeroes)
            return _punches ? Enter(request, Step.Punch, 0) : NextZeroes(request, 0);
        if (!VectorCursor.TryTrim(request, out var addresses, out var lengths)) return -Errno.InvalidArgument;
        var fits = !IsPartial(offset, length) && (lengths & (nuint)_blockMask) == 0 && (addresses & _memoryMask) == 0;
        if (request->Unpinnable && _isDirect) fits = false;
        return fits ? Enter(request, Step.Transfer, 0) : NextBounce(request, 0);
    }

    /// <summary>Takes note of what the engine did and enters the next step, which is the same one when the engine did a part of it.</summary>
    private int Book(BackstoreRequest* request, int result)
    {
        if (result is -Errno.Interrupted or -Errno.TryAgain) return IBackstore.Pending;
        if (result < 0) return result;
        var done = Done(request);
        var step = (Step)(request->State >> StepShift);
        switch (step)
        {
            case Step.Transfer:
                done += result;
                if (done >= request->Length) return 0;
                if (EndsEarly(result)) return -Errno.InputOutput;
                VectorCursor.Advance(request, result);
                return Enter(request, Step.Transfer, done);
            case Step.ReadBlocks or Step.FillFirst or Step.FillLast or Step.WriteBlocks:
                return BookBounce(request, step, done, result);
            case Step.Punch:
                return request->ForceUnitAccess ? Enter(request, Step.Sync, done) : 0;
            case Step.Zero:
                result &= ~511;
                return EndsEarly(result) ? -Errno.InputOutput : NextZeroes(request, done + result);
            default:
                return 0;
        }
    }

    /// <summary>
    /// True when a transfer cannot go on: nothing was moved, or it stopped inside a block. Either is the end of a file that has been cut off.
    /// </summary>
    private bool EndsEarly(int result) => result == 0 || (result & _blockMask) != 0;

    /// <summary>Hands the current step to the engine.</summary>
    private int Issue(BackstoreRequest* request, IIoEngine engine)
    {
        var done = Done(request);
        var operation = new IoRequest { File = _file, Token = request->Token, Offset = request->Offset + done };
        switch ((Step)(request->State >> StepShift))
        {
            case Step.Transfer:
                var writes = request->Operation == BackstoreOperation.Write;
                operation.Operation = writes ? IoOperation.Write : IoOperation.Read;
                operation.DataSync = writes && request->ForceUnitAccess;
                operation.Vectors = request->Vectors;
                operation.VectorCount = Math.Min(request->VectorCount, MostVectors);
                break;
            case Step.ReadBlocks or Step.FillFirst or Step.FillLast:
                operation.Operation = IoOperation.Read;
                UseBounce(request, ref operation);
                break;
            case Step.WriteBlocks:
                operation.Operation = IoOperation.Write;
                operation.DataSync = request->ForceUnitAccess;
                UseBounce(request, ref operation);
                break;
            case Step.Punch:
                operation.Operation = IoOperation.Allocate;
                operation.Mode = PunchHole | KeepSize;
                operation.Length = request->Length;
                break;
            case Step.Zero:
                operation.Operation = IoOperation.Write;
                operation.DataSync = request->ForceUnitAccess;
                var end = (request->Offset + request->Length) & ~(long)_blockMask;
                operation.Vectors = _zeroes!.Take(end - operation.Offset, out operation.VectorCount);
                break;
            default:
                operation.Operation = IoOperation.DataSync;
                operation.Offset = 0;
                break;
        }
        if (engine.TryQueue(in operation))
        {
            request->State &= ~NotIssued;
            return IBackstore.Pending;
        }
        request->State |= NotIssued;
        return IBackstore.Busy;
    }

    /// <summary>Ends a request.</summary>
    private int Finish(BackstoreRequest* request, int result)
    {
        if (request->Buffer is not null) _bounces.Return((Bounce*)request->Buffer);
        request->Buffer = null;
        request->State = 0;
        return result;
    }

    /// <summary>Goes on with zeroes by writing: whole blocks from the shared zeroes, parts of blocks by way of the bounce buffer.</summary>
    private int NextZeroes(BackstoreRequest* request, long done)
    {
        if (done == request->Length) return 0;
        var offset = request->Offset + done;
        var whole = (offset & _blockMask) == 0 && request->Length - done > _blockMask;
        return whole ? Enter(request, Step.Zero, done) : NextBounce(request, done);
    }

    /// <summary>Lays out the bounce buffer for as much of the request as it holds, and enters the first step of that.</summary>
    private int NextBounce(BackstoreRequest* request, long done)
    {
        if (done == request->Length) return 0;
        var bounce = (Bounce*)request->Buffer;
        if (bounce is null)
        {
            var error = _bounces.TryTake(out bounce);
            if (error < 0) return error;
            request->Buffer = (byte*)bounce;
        }
        var offset = request->Offset + done;
        var most = request->Operation is BackstoreOperation.Read or BackstoreOperation.Write ? Bounce.Capacity : Alignment;
        bounce->Start = offset & ~(long)_blockMask;
        bounce->First = (int)(offset - bounce->Start);
        bounce->Last = (int)Math.Min(most, request->Offset + request->Length - bounce->Start);
        bounce->Length = (bounce->Last + _blockMask) & ~_blockMask;
        var step = request->Operation == BackstoreOperation.Read ? Step.ReadBlocks
            : (bounce->First & _blockMask) != 0 ? Step.FillFirst
            : (bounce->Last & _blockMask) != 0 ? Step.FillLast
            : Step.WriteBlocks;
        return EnterBounce(request, step, done);
    }

    private int EnterBounce(BackstoreRequest* request, Step step, long done)
    {
        var bounce = (Bounce*)request->Buffer;
        var data = Bounce.Data(bounce);
        bounce->Vector = step switch
        {
            Step.FillFirst => new Iovec { Base = data, Length = (nuint)Alignment },
            Step.FillLast => new Iovec { Base = data + bounce->Length - Alignment, Length = (nuint)Alignment },
            _ => new Iovec { Base = data, Length = (nuint)bounce->Length },
        };
        if (step == Step.WriteBlocks)
        {
            var bytes = bounce->Last - bounce->First;
            if (request->Operation == BackstoreOperation.Write) VectorCursor.Gather(request, data + bounce->First, bytes);
            else NativeMemory.Clear(data + bounce->First, (nuint)bytes);
        }
        return Enter(request, step, done);
    }

    private static void UseBounce(BackstoreRequest* request, ref IoRequest operation)
    {
        var bounce = (Bounce*)request->Buffer;
        operation.Vectors = &bounce->Vector;
        operation.VectorCount = 1;
        operation.Offset = bounce->Start + (bounce->Vector.Base - Bounce.Data(bounce));
    }

    private int BookBounce(BackstoreRequest* request, Step step, long done, int result)
    {
        var bounce = (Bounce*)request->Buffer;
        var data = Bounce.Data(bounce);
        ref var vector = ref bounce->Vector;
        vector.Base += result;
        vector.Length -= (nuint)result;
        if (vector.Length > 0)
        {
            // A file may end inside its last block: what the volume has of that block must be there, the rest counts as zeroes.
            var needed = step == Step.ReadBlocks ? bounce->Start + bounce->Last : _size;
            var missing = step == Step.WriteBlocks || bounce->Start + (vector.Base - data) < needed;
            if (missing) return EndsEarly(result) ? -Errno.InputOutput : IBackstore.Pending;
            NativeMemory.Clear(vector.Base, vector.Length);
        }
        switch (step)
        {
            case Step.FillFirst when bounce->Length > Alignment && (bounce->Last & _blockMask) != 0:
                return EnterBounce(request, Step.FillLast, done);
            case Step.FillFirst or Step.FillLast:
                return EnterBounce(request, Step.WriteBlocks, done);
        }
        var bytes = bounce->Last - bounce->First;
        if (request->Operation is BackstoreOperation.Discard or BackstoreOperation.WriteZeroes) return NextZeroes(request, done + bytes);
        if (step == Step.ReadBlocks) VectorCursor.Scatter(request, data + bounce->First, bytes);
        VectorCursor.Advance(request, bytes);
        return NextBounce(request, done + bytes);
    }
}

using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>
/// <see cref="IIoEngine"/> for where io_uring is refused: a few threads make the blocking calls, the owner waits in <c>poll(2)</c>. Costs two
/// thread switches per request, otherwise does the same.
/// </summary>
/// <remarks><see cref="Dispose"/> waits for the requests in flight.</remarks>
public sealed unsafe class WorkersEngine : IIoEngine
{
    private readonly WorkersQueue _queue;
    private readonly IoEngineDoorbell _doorbell;
    private readonly Thread[] _threads;

    // Slots: requests and their results; the free ones are a stack.
    private readonly IoRequest* _requests;
    private readonly int* _results;
    private readonly int* _freeSlots;
    private int _free;

    // Polled descriptors; the doorbell is the first, the tokens of the others stand at the same index.
    private PollEntry* _polled;
    private ulong* _tokens;
    private int _polledCount;
    private int _polledCapacity;
    private int _nextReported = 1;
    private bool _watchesFirst;
    private bool _disposed;

    /// <summary>Makes an engine and starts its threads.</summary>
    /// <param name="queueDepth">Most requests in flight, 1 to 16384.</param>
    /// <param name="threads">Number of threads, 1 to 64.</param>
    public WorkersEngine(int queueDepth, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queueDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queueDepth, 16384);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 64);
        _doorbell = new IoEngineDoorbell();
        try
        {
            _queue = new WorkersQueue(queueDepth);
        }
        catch
        {
            _doorbell.Dispose();
            throw;
        }
        _requests = (IoRequest*)NativeMemory.Alloc((nuint)queueDepth, (nuint)sizeof(IoRequest));
        _results = (int*)NativeMemory.Alloc((nuint)queueDepth, sizeof(int));
        _freeSlots = (int*)NativeMemory.Alloc((nuint)queueDepth, sizeof(int));
        for (_free = 0; _free < queueDepth; _free++) _freeSlots[_free] = queueDepth - 1 - _free;
        AddPolled(_doorbell.File, 0);
        _threads = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Serve, 256 * 1024) { IsBackground = true, Name = $"file worker {i}" };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public string Name => "workers";

    /// <inheritdoc/>
    public bool TryQueue(in IoRequest request)
    {
        if (_free == 0) return false;
        var slot = _freeSlots[--_free];
        _requests[slot] = request;
        _queue.Offer(slot);
        return true;
    }

    /// <inheritdoc/>
    public void Watch(int file, ulong token) => AddPolled(file, token);

    /// <inheritdoc/>
    public void Unwatch(int file, ulong token)
    {
        for (var index = 1; index < _polledCount; index++)
        {
            if (_polled[index].File != file || _tokens[index] != token) continue;
            RemovePolled(index);
            return;
        }
    }

    /// <inheritdoc/>
    public bool HasCompletions => _queue.HasDone;

    /// <inheritdoc/>
    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds)
    {
        if (completions.IsEmpty) throw new ArgumentException("There must be room for at least one completion.", nameof(completions));
        _queue.Announce();
        if (_queue.HasDone || timeoutMilliseconds == 0)
        {
            _doorbell.Consume();
            if (_polledCount > 1) Look(0);
        }
        else if (_doorbell.TryPark())
        {
            // A worker that finished before it could see the sleeper rang nothing.
            Look(_queue.HasDone ? 0 : timeoutMilliseconds);
            _doorbell.Unpark();
        }
        else if (_polledCount > 1)
        {
            Look(0);
        }

        // Neither of the two may starve the other when there is more than the caller has room for.
        _watchesFirst = !_watchesFirst;
        var count = _watchesFirst ? TakeWatches(completions) : Collect(completions);
        return count + (_watchesFirst ? Collect(completions[count..]) : TakeWatches(completions[count..]));
    }

    /// <inheritdoc/>
    public void Wake() => _doorbell.Ring();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _queue.Stop();
        foreach (var thread in _threads) thread.Join();
        _queue.Dispose();
        _doorbell.Dispose();
        NativeMemory.Free(_requests);
        NativeMemory.Free(_results);
        NativeMemory.Free(_freeSlots);
        NativeMemory.Free(_polled);
        NativeMemory.Free(_tokens);
    }

    private static int Run(IoRequest* request)
    {
        const int WriteDataSync = 2; // RWF_DSYNC
        while (true)
        {
            var result = request->Operation switch
            {
                IoOperation.Read => (int)Syscalls.ReadVector(request->File, request->Vectors, request->VectorCount, request->Offset),
                IoOperation.Write => (int)Syscalls.WriteVector(request->File, request->Vectors, request->VectorCount, request->Offset,
                    request->DataSync ? WriteDataSync : 0),
                IoOperation.DataSync => Syscalls.DataSync(request->File),
                IoOperation.Allocate => Syscalls.Allocate(request->File, request->Mode, request->Offset, request->Length),
                _ => -Errno.InvalidArgument,
            };
            if (result != -Errno.Interrupted) return result;
        }
    }

    private void Serve()
    {
        while (_queue.Claim(out var slot))
        {
            _results[slot] = Run(&_requests[slot]);
            _queue.Finish(slot);
            _doorbell.RingSleeper();
        }
    }

    private int Collect(Span<IoCompletion> completions)
    {
        var count = 0;
        while (count < completions.Length && _queue.TryCollect(out var slot))
        {
            completions[count++] = new IoCompletion(_requests[slot].Token, _results[slot]);
            _freeSlots[_free++] = slot;
        }
        return count;
    }

    private void Look(int timeoutMilliseconds)
    {
        var result = Syscalls.Poll(_polled, _polledCount, timeoutMilliseconds);
        if (result < 0)
        {
            for (var index = 0; index < _polledCount; index++) _polled[index].Found = 0;
            if (result is not (-Errno.Interrupted or -Errno.TryAgain or -Errno.OutOfMemory))
                throw new IOException($"poll failed: {Syscalls.Describe(result)} (errno {-result}).");
        }
        else if (_polled[0].Found != 0)
        {
            _doorbell.Silence();
        }
    }

    /// <summary>Reports what <see cref="Look"/> found, beginning after the one that was reported last.</summary>
    private int TakeWatches(Span<IoCompletion> completions)
    {
        var count = 0;
        for (var left = _polledCount - 1; left > 0 && count < completions.Length; left--)
        {
            if (_nextReported >= _polledCount) _nextReported = 1;
            int found = _polled[_nextReported].Found;
            if (found == 0)
            {
                _nextReported++;
                continue;
            }

            completions[count++] = new IoCompletion(_tokens[_nextReported], (found & PollEntry.Invalid) != 0 ? -Errno.BadDescriptor : found);

            // The report ends the watch, and the last one takes its place.
            RemovePolled(_nextReported);
        }
        return count;
    }

    private void RemovePolled(int index)
    {
        _polledCount--;
        _polled[index] = _polled[_polledCount];
        _tokens[index] = _tokens[_polledCount];
    }

    private void AddPolled(int file, ulong token)
    {
        if (_polledCount == _polledCapacity)
        {
            _polledCapacity = Math.Max(64, _polledCapacity * 2);
            _polled = (PollEntry*)NativeMemory.Realloc(_polled, (nuint)_polledCapacity * (nuint)sizeof(PollEntry));
            _tokens = (ulong*)NativeMemory.Realloc(_tokens, (nuint)_polledCapacity * sizeof(ulong));
        }
        _polled[_polledCount] = new PollEntry { File = file, Events = PollEntry.Readable };
        _tokens[_polledCount++] = token;
    }
}

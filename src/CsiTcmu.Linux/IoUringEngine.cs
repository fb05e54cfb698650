using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>
/// <see cref="IIoEngine"/> on io_uring (Linux 5.13 or newer, tuned for 6.1): one ring, one thread, one system call per <see cref="Wait"/> that
/// submits and waits at once, and none when completions are there already and nothing is to be submitted.
/// </summary>
/// <remarks>
/// Any thread may make the engine. The first thread that uses it owns it from then on; with Linux 6.1 and newer the kernel refuses all others.
/// <see cref="Dispose"/> waits for the requests in flight; it is called on the owner's thread, or after that thread has ended (the kernel
/// has ended its requests by then).
/// </remarks>
public sealed unsafe class IoUringEngine : IIoEngine
{
    // User data: the kind in the top two bits; a request's slot below; a watch's index in the low word, its generation above.
    private const ulong KindMask = 3UL << 62;
    private const ulong RequestKind = 0;
    private const ulong WatchKind = 1UL << 62;
    private const ulong NobodyKind = 2UL << 62;

    // The doorbell is the first watch, and the only one that nobody is told of: its report ends the wait, which is all.
    private const int DoorbellIndex = 0;

    private readonly IoUringRing _ring;
    private readonly IoEngineDoorbell _doorbell;
    private readonly IoUringWatches _watches = new();

    // The requests in flight; the free slots are a stack.
    private readonly Slot* _requests;
    private readonly int* _freeSlots;
    private readonly int _slots;
    private int _free;

    private bool _enabled;
    private bool _disposed;

    /// <summary>Makes an engine.</summary>
    /// <param name="queueDepth">Most requests in flight, 1 to 16384.</param>
    /// <exception cref="IOException">The kernel refuses io_uring; the message says which call and why.</exception>
    public IoUringEngine(int queueDepth)
        : this(queueDepth, Syscalls.IoUringSetup)
    {
    }

    internal IoUringEngine(int queueDepth, IoUringSetup setup)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queueDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queueDepth, 16384);

        // Watches complete beside requests: room for them keeps the kernel's slower overflow list out of ordinary operation.
        var ring = IoUringRing.TryOpen((uint)queueDepth, ((uint)queueDepth * 2) + 256, setup, out var error, out var refused);
        _ring = ring ?? throw new IoUringRefusedException(error, refused);
        try
        {
            _doorbell = new IoEngineDoorbell();
        }
        catch
        {
            ring.Dispose();
            throw;
        }
        _slots = queueDepth;
        _requests = (Slot*)NativeMemory.Alloc((nuint)queueDepth, (nuint)sizeof(Slot));
        _freeSlots = (int*)NativeMemory.Alloc((nuint)queueDepth, sizeof(int));
        for (_free = 0; _free < queueDepth; _free++) _freeSlots[_free] = queueDepth - 1 - _free;
        _watches.Add(_doorbell.File, token: 0);
    }

    /// <inheritdoc/>
    public string Name => "io_uring";

    /// <summary>How the ring is set up, for logs.</summary>
    public string SetupName => _ring.SetupName;

    /// <inheritdoc/>
    public bool TryQueue(in IoRequest request)
    {
        Enable();
        if (_free == 0) return false;
        var entry = EntryAfterFlush();
        if (entry is null) return false;
        var slot = _freeSlots[--_free];
        _requests[slot] = new Slot { Request = request };
        Fill(entry, in request);
        entry->UserData = RequestKind | (uint)slot;
        return true;
    }

    /// <inheritdoc/>
    public void Watch(int file, ulong token)
    {
        Enable();
        _watches.Add(file, token);
    }

    /// <inheritdoc/>
    /// <remarks>The engine holds no reference to the file afterwards, so that a close of the descriptor closes the file.</remarks>
    public void Unwatch(int file, ulong token)
    {
        Enable();
        var index = _watches.Find(file, token, DoorbellIndex + 1);
        if (index >= 0) EndWatch(index);
    }

    /// <inheritdoc/>
    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds)
    {
        if (completions.IsEmpty) throw new ArgumentException("There must be room for at least one completion.", nameof(completions));
        Enable();
        Arm();
        if (_ring.HasCompletions || timeoutMilliseconds == 0)
        {
            _doorbell.Consume();
            if (_ring.Unsubmitted > 0 || _ring.WantsEnter) Enter(0, 0);
        }
        else if (_doorbell.TryPark())
        {
            Enter(1, timeoutMilliseconds);
            _doorbell.Unpark();
        }
        else
        {
            Enter(0, 0);
        }
        return Reap(completions);
    }

    /// <inheritdoc/>
    public bool HasCompletions => _ring.HasCompletions || _ring.WantsEnter;

    /// <inheritdoc/>
    public void Wake() => _doorbell.Ring();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_enabled && _ring.Enter(0, 0) != -Errno.Exists) // EEXIST: the owner's thread has ended, and its requests with it
        {
            for (var index = 0; index < _watches.Count; index++)
            {
                if (_watches[index].State is WatchState.Armed or WatchState.Ending) EndWatch(index);
            }
            Drain();
        }
        _ring.Dispose();
        _doorbell.Dispose();
        _watches.Dispose();
        NativeMemory.Free(_requests);
        NativeMemory.Free(_freeSlots);
    }

    private static void Fill(SubmissionEntry* entry, in IoRequest request)
    {
        entry->File = request.File;
        entry->Offset = (ulong)request.Offset;
        switch (request.Operation)
        {
            case IoOperation.Read or IoOperation.Write when request.VectorCount == 1:
                // One piece needs no iovec to be fetched. What the kernel cannot take in one call comes back short.
                entry->Operation = request.Operation == IoOperation.Read ? IoUringAbi.Read : IoUringAbi.Write;
                entry->Address = (ulong)request.Vectors->Base;
                entry->Length = (uint)Math.Min(request.Vectors->Length, int.MaxValue);
                break;
            case IoOperation.Read or IoOperation.Write:
                entry->Operation = request.Operation == IoOperation.Read ? IoUringAbi.Readv : IoUringAbi.Writev;
                entry->Address = (ulong)request.Vectors;
                entry->Length = (uint)request.VectorCount;
                break;
            case IoOperation.DataSync:
                entry->Operation = IoUringAbi.FileSync;
                entry->Offset = 0;
                entry->OperationFlags = IoUringAbi.SyncDataOnly;
                break;
            case IoOperation.Allocate:
                entry->Operation = IoUringAbi.FileAllocate;
                entry->Address = (ulong)request.Length;
                entry->Length = (uint)request.Mode;
                break;
        }
        if (request.Operation == IoOperation.Write && request.DataSync) entry->OperationFlags = IoUringAbi.WriteDataSync;
    }

    private static ulong WatchData(int index, uint generation) => WatchKind | ((ulong)(generation & 0x3FFFFFFF) << 32) | (uint)index;

    private int Reap(Span<IoCompletion> completions)
    {
        var count = 0;
        while (count < completions.Length && _ring.TryTake(out var entry))
        {
            switch (entry.UserData & KindMask)
            {
                case RequestKind:
                    if (TakeRequest(in entry, out var done)) completions[count++] = done;
                    break;
                case WatchKind:
                    if (TakeWatch(in entry, out var report)) completions[count++] = report;
                    break;
            }
        }
        _ring.ReleaseTaken();
        return count;
    }

    /// <summary>
    /// io_uring first tries a transfer without waiting. When a disk's queue is full in the middle of one of several pieces, kernels up to
    /// 6.1 at least let that attempt's EAGAIN through (fs/iomap/direct-io.c, io_rw_should_reissue in io_uring/rw.c), though nobody asked for it; a device that
    /// cannot do without waiting gives EOPNOTSUPP. The transfer is made again by a kernel thread that waits. (Regular files and block devices
    /// are meant: on a pipe or socket without blocking that thread would wait for data.)
    /// </summary>
    private bool TakeRequest(in CompletionEntry entry, out IoCompletion completion)
    {
        Unsafe.SkipInit(out completion);
        var slot = _requests + (int)entry.UserData;
        if (entry.Result is -Errno.TryAgain or -Errno.NotSupported && !slot->Waits
            && slot->Request.Operation is IoOperation.Read or IoOperation.Write)
        {
            var again = EntryAfterFlush();
            if (again is not null)
            {
                slot->Waits = true;
                Fill(again, in slot->Request);
                again->Flags = IoUringAbi.EntryAsync;
                again->UserData = entry.UserData;
                return false;
            }
        }
        _freeSlots[_free++] = (int)entry.UserData;
        completion = new IoCompletion(slot->Request.Token, entry.Result);
        return true;
    }

    /// <summary>
    /// A watch ends with its one report. The doorbell's poll is a multishot: it reports each ring until a completion without the more flag
    /// says that it has ended, and is then armed again.
    /// </summary>
    private bool TakeWatch(in CompletionEntry entry, out IoCompletion completion)
    {
        Unsafe.SkipInit(out completion);
        var index = (int)(uint)entry.UserData;
        if ((entry.Flags & IoUringAbi.CompletionMore) != 0) return false;
        ref var watch = ref _watches[index];
        if (index == DoorbellIndex)
        {
            if (watch.State == WatchState.Armed) _watches.NeedsArming(index);
            return false;
        }

        var isWanted = watch.State == WatchState.Armed;
        completion = new IoCompletion(watch.Token, entry.Result);
        _watches.Free(index);
        return isWanted;
    }

    /// <summary>Hands polls that are not armed to the ring, as far as it has room; the rest follows in the next call.</summary>
    private void Arm()
    {
        while (_watches.TryNextUnarmed(out var index))
        {
            ref var watch = ref _watches[index];
            var entry = EntryAfterFlush();
            if (entry is null) return;
            entry->Operation = IoUringAbi.PollAdd;
            entry->File = watch.File;
            entry->OperationFlags = IoUringAbi.PollReadable;
            entry->Length = index == DoorbellIndex ? IoUringAbi.PollMultishot : 0;
            entry->UserData = WatchData(index, watch.Generation);
            _watches.Armed(index);
        }
    }

    private SubmissionEntry* EntryAfterFlush()
    {
        var entry = _ring.NextEntry();
        if (entry is not null) return entry;
        Enter(0, 0);
        return _ring.NextEntry();
    }

    /// <summary>
    /// Removes a poll and waits until the kernel has let go of its file. The poll's last completion stays in the ring for <see cref="Reap"/>.
    /// </summary>
    private void EndWatch(int index)
    {
        ref var watch = ref _watches[index];
        if (watch.State == WatchState.Unarmed)
        {
            _watches.Free(index);
            return;
        }
        watch.State = WatchState.Ending;
        var userData = WatchData(index, watch.Generation);

        // More than one round only when the poll is just being run by another processor. A full completion ring may hide the end; then
        // Reap sees it later.
        for (var round = 0; round < 100 && !_ring.HasEnd(userData); round++)
        {
            var entry = EntryAfterFlush();
            if (entry is not null)
            {
                entry->Operation = IoUringAbi.PollRemove;
                entry->File = -1;
                entry->Address = userData;
                entry->UserData = NobodyKind;
            }
            Enter(0, 0);
        }
    }

    private void Drain()
    {
        var scrap = stackalloc IoCompletion[64];
        while (_free < _slots)
        {
            if (!_ring.HasCompletions) Enter(1, -1);
            _ = Reap(new Span<IoCompletion>(scrap, 64));
        }
    }

    private void Enable()
    {
        if (_enabled) return;
        ObjectDisposedException.ThrowIf(_disposed, this);
        var error = _ring.Enable();
        if (error < 0) throw new IOException($"io_uring cannot be enabled: {Syscalls.Describe(error)}.");
        _enabled = true;
    }

    private void Enter(uint minimumComplete, int timeoutMilliseconds)
    {
        var result = _ring.Enter(minimumComplete, timeoutMilliseconds);
        if (result >= 0) return;
        switch (-result)
        {
            // A signal, the time-out; no memory or a full completion ring: what was not submitted stays queued for the next call.
            case Errno.Interrupted or Errno.TimeExpired or Errno.TryAgain or Errno.Busy:
                return;
            case Errno.Exists:
                throw new InvalidOperationException("The engine belongs to another thread: the first that used it.");
            default:
                throw new IOException($"io_uring_enter failed: {Syscalls.Describe(result)} (errno {-result}).");
        }
    }

    private struct Slot
    {
        public IoRequest Request;

        /// <summary>The request is in the hands of a kernel thread that may wait.</summary>
        public bool Waits;
    }
}

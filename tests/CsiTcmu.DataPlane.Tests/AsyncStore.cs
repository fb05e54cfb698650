using System.Runtime.InteropServices;
using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests;

/// <summary>
/// Memory behind an engine operation: each request is carried out when a read of one byte from a pipe ends, so that it takes its time, and
/// as much of it as the test wants. Checks that a request that needs to be alone is alone.
/// </summary>
internal sealed unsafe partial class AsyncStore : IBackstore
{
    private readonly int _source;
    private readonly int _sink;
    private readonly byte* _memory;
    private readonly byte* _scrap;
    private readonly Iovec* _scrapVector;
    private long _calls;
    private int _running;
    private int _exclusive;

    /// <param name="size">Bytes.</param>
    /// <param name="held">
    /// True when requests end only by <see cref="Release"/>, which needs io_uring: the calls of worker threads take no pipe. Else they end
    /// soon by themselves.
    /// </param>
    /// <param name="alignment">Writes that are not of whole pieces of this size need to be alone.</param>
    public AsyncStore(long size, bool held = false, int alignment = 512)
    {
        Size = size;
        Alignment = alignment;
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)size * 2);
        _scrap = (byte*)NativeMemory.AllocZeroed(4096);
        _scrapVector = (Iovec*)NativeMemory.AllocZeroed((nuint)sizeof(Iovec));
        *_scrapVector = new Iovec { Base = _scrap, Length = 1 };
        if (held)
        {
            var ends = stackalloc int[2];
            Assert.Equal(0, pipe(ends));
            (_source, _sink) = (ends[0], ends[1]);
        }
        else
        {
            _source = Syscalls.Open("/dev/zero", OpenFlags.CloseOnExec);
            _sink = -1;
        }
    }

    public long Size { get; private set; }

    public string Description => "a store for tests";

    public int Alignment { get; }

    /// <summary>What a request gives instead of success: <c>-errno</c>; set before the command.</summary>
    public int Error { get; set; }

    /// <summary>Every how many calls of Begin and Resume the store says that it is busy; 0 for never.</summary>
    public int BusyEvery { get; set; }

    /// <summary>How often it said so.</summary>
    public int BusyAnswers { get; private set; }

    /// <summary>What was done that must not be; null when all was well.</summary>
    public string? Violation { get; private set; }

    /// <summary>Requests that have begun.</summary>
    public int Begun => Volatile.Read(ref _begun);

    private int _begun;

    /// <summary>Most requests that ran side by side.</summary>
    public int MostRunning { get; private set; }

    /// <summary>Writes and discards that were to be durable.</summary>
    public int Forced { get; private set; }

    /// <summary>Requests whose memory cannot be pinned.</summary>
    public int Unpinnable { get; private set; }

    public bool IsDisposed { get; private set; }

    public Span<byte> Bytes => new(_memory, (int)Size);

    /// <summary>Lets that many requests end.</summary>
    public void Release(int requests)
    {
        var bytes = stackalloc byte[requests];
        Assert.Equal(requests, Syscalls.Write(_sink, bytes, (nuint)requests));
    }

    public bool NeedsExclusive(in BackstoreRequest request) =>
        request.Operation != BackstoreOperation.Read && ((request.Offset | request.Length) & (Alignment - 1)) != 0;

    public int Begin(BackstoreRequest* request, IIoEngine engine)
    {
        if (request->State != 0) Violation ??= "a request began with a state";
        if (IsBusy()) return IBackstore.Busy;
        var io = new IoRequest
        {
            Operation = IoOperation.Read,
            File = _source,
            Offset = _sink >= 0 ? -1 : 0,
            Vectors = _scrapVector,
            VectorCount = 1,
            Token = request->Token,
        };
        if (!engine.TryQueue(io)) return IBackstore.Busy;
        request->State = 1;
        if (request->Unpinnable) Unpinnable++;
        Volatile.Write(ref _begun, _begun + 1);
        MostRunning = Math.Max(MostRunning, ++_running);
        if (_exclusive > 0) Violation ??= "a request began beside one that needs to be alone";
        if (NeedsExclusive(in *request))
        {
            _exclusive++;
            if (_running > 1) Violation ??= "a request that needs to be alone began beside another";
        }

        return IBackstore.Pending;
    }

    public int Resume(BackstoreRequest* request, int result, IIoEngine engine)
    {
        if (request->State != 1) Violation ??= "a request was resumed that had not begun";
        if (result != 1) Violation ??= $"the engine gave {result}";
        if (IsBusy()) return IBackstore.Busy;
        request->State = 2;
        _running--;
        if (NeedsExclusive(in *request)) _exclusive--;
        if (Error != 0) return Error;
        if (request->ForceUnitAccess && request->Operation != BackstoreOperation.Read) Forced++;
        CarryOut(request);
        return 0;
    }

    public bool IsAllocated(long offset, out long length)
    {
        var bytes = Bytes[(int)offset..];
        var allocated = bytes[0] != 0;
        var end = allocated ? bytes.IndexOf((byte)0) : bytes.IndexOfAnyExcept((byte)0);
        length = end < 0 ? bytes.Length : end;
        return allocated;
    }

    public void Grow(long newSize)
    {
        if (_running > 0) Violation ??= "grown while requests ran";
        Size = newSize;
    }

    public void Dispose()
    {
        if (_running > 0) Violation ??= "disposed while requests ran";
        IsDisposed = true;
        Syscalls.Close(_source);
        if (_sink >= 0) Syscalls.Close(_sink);
    }

    private bool IsBusy()
    {
        if (BusyEvery == 0 || ++_calls % BusyEvery != 0) return false;
        BusyAnswers++;
        return true;
    }

    private void CarryOut(BackstoreRequest* request)
    {
        if (request->Operation == BackstoreOperation.Flush) return;
        var place = new Span<byte>(_memory + request->Offset, (int)request->Length);
        if (request->Operation is BackstoreOperation.Discard or BackstoreOperation.WriteZeroes)
        {
            place.Clear();
            return;
        }

        for (var i = 0; i < request->VectorCount && place.Length > 0; i++)
        {
            var piece = new Span<byte>(request->Vectors[i].Base, (int)Math.Min((nuint)place.Length, request->Vectors[i].Length));
            if (request->Operation == BackstoreOperation.Read) place[..piece.Length].CopyTo(piece);
            else piece.CopyTo(place);
            place = place[piece.Length..];
            // A store may use the vectors up.
            request->Vectors[i].Base += piece.Length;
            request->Vectors[i].Length = 0;
        }

        if (place.Length != 0) Violation ??= "the vectors held less than the length";
    }

    [LibraryImport("libc")]
    private static partial int pipe(int* ends);
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>One request with its memory, all of it native.</summary>
internal sealed unsafe class TestSlot : IDisposable
{
    public const int MemoryLength = 2 << 20;
    public const int MostVectors = 2048;

    public TestSlot(int index)
    {
        Index = index;
        Request = (BackstoreRequest*)NativeMemory.AllocZeroed((nuint)sizeof(BackstoreRequest));
        Vectors = (Iovec*)NativeMemory.AllocZeroed(MostVectors, (nuint)sizeof(Iovec));
        Memory = (byte*)NativeMemory.AlignedAlloc(MemoryLength, 4096);
    }

    public int Index { get; }

    public BackstoreRequest* Request { get; }

    public Iovec* Vectors { get; }

    public byte* Memory { get; }

    public int Result { get; set; }

    public bool IsDone { get; set; }

    /// <summary>What <see cref="IBackstore.Resume"/> is called with when the request is continued; null when it is to begin.</summary>
    public int? EngineResult { get; set; }

    /// <summary>Sets the request up with one vector over the whole memory.</summary>
    public void Set(BackstoreOperation operation, long offset, long length, bool forceUnitAccess = false, bool unpinnable = false)
    {
        Vectors[0] = new Iovec { Base = Memory, Length = MemoryLength };
        *Request = new BackstoreRequest
        {
            Operation = operation,
            Offset = offset,
            Length = length,
            ForceUnitAccess = forceUnitAccess,
            Unpinnable = unpinnable,
            Vectors = Vectors,
            VectorCount = 1,
            Token = (ulong)Index,
        };
    }

    public void Dispose()
    {
        NativeMemory.Free(Request);
        NativeMemory.Free(Vectors);
        NativeMemory.AlignedFree(Memory);
    }
}

/// <summary>The smallest reactor: drives requests to a backstore as the data plane does, on the calling thread. Allocates nothing when it runs.</summary>
internal sealed class TestReactor : IDisposable
{
    private readonly IIoEngine _engine;
    private readonly TestSlot[] _busy;
    private readonly TestSlot[] _waiting;
    private readonly IoCompletion[] _completions = new IoCompletion[16];
    private int _busyCount;
    private int _waitingFirst;
    private int _waitingCount;
    private int _running;
    private bool _exclusive;

    public TestReactor(IBackstore backstore, IIoEngine engine, int slots)
    {
        Backstore = backstore;
        _engine = engine;
        Slots = Enumerable.Range(0, slots).Select(index => new TestSlot(index)).ToArray();
        _busy = new TestSlot[slots];
        _waiting = new TestSlot[slots];
    }

    public IBackstore Backstore { get; }

    public TestSlot[] Slots { get; }

    /// <summary>How many answers were <see cref="IBackstore.Busy"/>.</summary>
    public int BusyAnswers { get; private set; }

    /// <summary>How many requests ran alone.</summary>
    public int ExclusiveRequests { get; private set; }

    /// <summary>Runs a request alone and to its end.</summary>
    public unsafe int Run(BackstoreOperation operation, long offset, long length, bool forceUnitAccess = false, bool unpinnable = false)
    {
        var slot = Slots[0];
        slot.Set(operation, offset, length, forceUnitAccess, unpinnable);
        Start(slot);
        while (!slot.IsDone) Turn();
        return slot.Result;
    }

    public void Start(TestSlot slot)
    {
        slot.IsDone = false;
        slot.EngineResult = null;
        _waiting[(_waitingFirst + _waitingCount++) % _waiting.Length] = slot;
        StartWaiting();
    }

    /// <summary>Waits for completions once and goes on with what they allow.</summary>
    public void Turn()
    {
        var start = Stopwatch.GetTimestamp();
        var count = _engine.Wait(_completions, 60_000);
        if (Stopwatch.GetElapsedTime(start).TotalSeconds > 60) throw new TimeoutException("No request ends.");
        for (var i = 0; i < count; i++)
        {
            var slot = Slots[_completions[i].Token];
            slot.EngineResult = _completions[i].Result;
            Advance(slot);
        }
        var retried = _busyCount;
        _busyCount = 0;
        for (var i = 0; i < retried; i++) Advance(_busy[i]); // refills the list at most as far as it has been read
        StartWaiting();
    }

    public void Dispose()
    {
        foreach (var slot in Slots) slot.Dispose();
        Backstore.Dispose();
        _engine.Dispose();
    }

    private unsafe void StartWaiting()
    {
        while (_waitingCount > 0 && !_exclusive)
        {
            var slot = _waiting[_waitingFirst];
            var exclusive = Backstore.NeedsExclusive(in *slot.Request);
            if (exclusive && _running > 0) return;
            _waitingFirst = (_waitingFirst + 1) % _waiting.Length;
            _waitingCount--;
            _running++;
            _exclusive = exclusive;
            if (exclusive) ExclusiveRequests++;
            Advance(slot);
        }
    }

    private unsafe void Advance(TestSlot slot)
    {
        var result = slot.EngineResult is { } engineResult
            ? Backstore.Resume(slot.Request, engineResult, _engine)
            : Backstore.Begin(slot.Request, _engine);
        switch (result)
        {
            case IBackstore.Pending:
                return;
            case IBackstore.Busy:
                BusyAnswers++;
                _busy[_busyCount++] = slot;
                return;
            default:
                slot.Result = result;
                slot.IsDone = true;
                _running--;
                _exclusive = false;
                return;
        }
    }
}

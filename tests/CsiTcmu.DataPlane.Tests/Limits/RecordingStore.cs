using CsiTcmu.Backstores;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>What reached a store, and when.</summary>
internal readonly record struct Begun(BackstoreOperation Operation, long Offset, long Length, long Time);

/// <summary>A store that writes down what begins, and ends it at once.</summary>
internal sealed unsafe class RecordingStore(long size, SimulatedClock clock) : IBackstore
{
    public List<Begun> Records { get; } = [];

    /// <summary>How far the clock goes on for each.</summary>
    public TimeSpan Takes { get; set; }

    public bool IsDisposed { get; private set; }

    public long Size { get; private set; } = size;

    public string Description => "a store that remembers";

    public int Alignment => 4096;

    public bool NeedsExclusive(in BackstoreRequest request) => ((request.Offset | request.Length) & 4095) != 0;

    public int Begin(BackstoreRequest* request, IIoEngine io)
    {
        Records.Add(new Begun(request->Operation, request->Offset, request->Length, clock.GetTimestamp()));
        clock.Advance(Takes);
        return 0;
    }

    public int Resume(BackstoreRequest* request, int result, IIoEngine io) => 0;

    public bool IsAllocated(long offset, out long length)
    {
        length = Size - offset;
        return true;
    }

    public void Grow(long newSize) => Size = newSize;

    public void Dispose() => IsDisposed = true;
}

using CsiTcmu.Linux;

namespace CsiTcmu.Backstores;

/// <summary>What a backstore is asked to do with a range of its bytes.</summary>
public enum BackstoreOperation : byte
{
    /// <summary>Fill the vectors from the range.</summary>
    Read,

    /// <summary>Store the vectors in the range.</summary>
    Write,

    /// <summary>Make every write that has completed durable.</summary>
    Flush,

    /// <summary>Give the range's space back; it reads as zeroes afterwards.</summary>
    Discard,

    /// <summary>Make the range read as zeroes; stays sparse where the store can.</summary>
    WriteZeroes,
}

/// <summary>
/// One request to a backstore, in memory that the reactor owns and that does not move until the request is done. The backstore may change
/// the iovecs (a short transfer is continued in place) and owns <see cref="State"/> and <see cref="Buffer"/>.
/// </summary>
public unsafe struct BackstoreRequest
{
    /// <summary>What to do.</summary>
    public BackstoreOperation Operation;

    /// <summary>For writes, discards and zeroes: durable before completion.</summary>
    public bool ForceUnitAccess;

    /// <summary>
    /// The memory of a read or write cannot be pinned, so that O_DIRECT fails on it: the initiator's own pages, mapped. The processor, and the kernel
    /// when it copies, use it as any other.
    /// </summary>
    public bool Unpinnable;

    /// <summary>First byte of the range.</summary>
    public long Offset;

    /// <summary>Length of the range in bytes.</summary>
    public long Length;

    /// <summary>Memory of a read or write; together at least <see cref="Length"/> bytes.</summary>
    public Iovec* Vectors;

    /// <summary>Number of vectors.</summary>
    public int VectorCount;

    /// <summary>Goes into every <see cref="IoRequest"/> made for this request.</summary>
    public ulong Token;

    /// <summary>The backstore's own progress of the request; zero when the request begins.</summary>
    public long State;

    /// <summary>The backstore's own buffer for the request (a bounce buffer); null when the request begins.</summary>
    public byte* Buffer;
}

/// <summary>
/// Where the bytes of a volume live. Called by one reactor thread only, with pointers to pinned native memory; nothing is allocated on the
/// managed heap after construction, and no exception leaves <see cref="Begin"/> or <see cref="Resume"/>.
/// </summary>
/// <remarks>
/// A request is done when <see cref="Begin"/> or <see cref="Resume"/> returns something else than <see cref="Pending"/>: 0 for success
/// of the whole range, or <c>-errno</c>.
/// </remarks>
public unsafe interface IBackstore : IDisposable
{
    /// <summary>The answer of a request that goes on in the engine.</summary>
    const int Pending = int.MinValue;

    /// <summary>The answer of a request that could not be queued because the engine is full; it is begun or continued again unchanged.</summary>
    const int Busy = int.MinValue + 1;

    /// <summary>Size in bytes.</summary>
    long Size { get; }

    /// <summary>What holds the bytes, for logs: a path or a kind.</summary>
    string Description { get; }

    /// <summary>The smallest piece that the store writes without reading what surrounds it, bytes: 512 to 4096.</summary>
    int Alignment { get; }

    /// <summary>True when the request must not run beside any other of this backstore (an unaligned write that reads first).</summary>
    bool NeedsExclusive(in BackstoreRequest request);

    /// <summary>Starts a request on the reactor's engine.</summary>
    int Begin(BackstoreRequest* request, IIoEngine engine);

    /// <summary>Goes on with a request whose engine operation has ended with <paramref name="result"/>.</summary>
    int Resume(BackstoreRequest* request, int result, IIoEngine engine);

    /// <summary>True when the bytes of the range are allocated in the store; used by GET LBA STATUS. May block briefly.</summary>
    /// <param name="offset">First byte asked about.</param>
    /// <param name="length">On return: how many bytes from <paramref name="offset"/> on share the answer.</param>
    bool IsAllocated(long offset, out long length);

    /// <summary>Tells the store its new, larger size after its medium has been grown. Called on the reactor's thread.</summary>
    void Grow(long newSize);
}

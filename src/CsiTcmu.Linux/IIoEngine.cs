namespace CsiTcmu.Linux;

/// <summary>What an <see cref="IIoEngine"/> is asked to do with a file.</summary>
public enum IoOperation : byte
{
    /// <summary><c>preadv2(2)</c>.</summary>
    Read,

    /// <summary><c>pwritev2(2)</c>; with <see cref="IoRequest.DataSync"/> as if followed by <c>fdatasync(2)</c> of the range (RWF_DSYNC).</summary>
    Write,

    /// <summary><c>fdatasync(2)</c>.</summary>
    DataSync,

    /// <summary><c>fallocate(2)</c> with <see cref="IoRequest.Mode"/>.</summary>
    Allocate,
}

/// <summary>One file operation. The iovecs must stay valid and unchanged until its completion.</summary>
public unsafe struct IoRequest
{
    /// <summary>What to do.</summary>
    public IoOperation Operation;

    /// <summary>For writes: the data is on stable storage before the completion.</summary>
    public bool DataSync;

    /// <summary>Open file descriptor, or the index of a registered file when the engine gave one out.</summary>
    public int File;

    /// <summary>For <see cref="IoOperation.Allocate"/>: FALLOC_FL_* bits.</summary>
    public int Mode;

    /// <summary>Position in the file, bytes.</summary>
    public long Offset;

    /// <summary>For <see cref="IoOperation.Allocate"/>: length in bytes.</summary>
    public long Length;

    /// <summary>Memory of a read or write.</summary>
    public Iovec* Vectors;

    /// <summary>Number of <see cref="Vectors"/>, 1 to 1024.</summary>
    public int VectorCount;

    /// <summary>Handed back in the completion.</summary>
    public ulong Token;
}

/// <summary>The end of one operation, or readiness of a watched descriptor.</summary>
public readonly struct IoCompletion(ulong token, int result)
{
    /// <summary>The token of the request or watch.</summary>
    public ulong Token { get; } = token;

    /// <summary>Bytes moved, zero, or <c>-errno</c>. For a watch: a poll mask, or <c>-errno</c>.</summary>
    public int Result { get; } = result;
}

/// <summary>
/// Asynchronous file I/O and readiness for one thread. Every member but <see cref="Wake"/> is called on the thread that owns the engine,
/// and none of them allocates after construction.
/// </summary>
public interface IIoEngine : IDisposable
{
    /// <summary>What serves the requests, for logs: <c>io_uring</c> or <c>workers</c>.</summary>
    string Name { get; }

    /// <summary>Queues a request. It may be held back until <see cref="Wait"/>.</summary>
    /// <returns>False when the queue is full; the caller waits for completions and tries again.</returns>
    bool TryQueue(in IoRequest request);

    /// <summary>Reports once when the descriptor has something to read, or has it already; the report ends the watch.</summary>
    /// <remarks>
    /// Once, because an event costs the kernel something only while somebody waits for it: an owner that is awake looks for itself. It may be
    /// reported without cause.
    /// </remarks>
    void Watch(int file, ulong token);

    /// <summary>Ends a watch before its report; a watch that has ended is fine. A report under way may still arrive.</summary>
    void Unwatch(int file, ulong token);

    /// <summary>True when <see cref="Wait"/> has something to return. Looks at memory only.</summary>
    bool HasCompletions { get; }

    /// <summary>
    /// Hands queued requests to the kernel and returns completions. Blocks until there is at least one completion, a call of
    /// <see cref="Wake"/>, or the time-out.
    /// </summary>
    /// <param name="completions">Receives completions.</param>
    /// <param name="timeoutMilliseconds">0 to only look, -1 to wait without end.</param>
    /// <returns>How many completions were written; may be zero.</returns>
    int Wait(Span<IoCompletion> completions, int timeoutMilliseconds);

    /// <summary>Ends the current or the next <see cref="Wait"/>. May be called on any thread.</summary>
    void Wake();
}

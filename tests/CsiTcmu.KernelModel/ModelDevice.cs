using CsiTcmu.Linux;
using CsiTcmu.Tcmu;

namespace CsiTcmu.KernelModel;

/// <summary>How a command of <see cref="ModelDevice"/> ended.</summary>
/// <param name="Status">SCSI status byte.</param>
/// <param name="Sense">96 bytes after CHECK CONDITION; else empty.</param>
/// <param name="Data">The initiator's whole buffer of data-in; else empty. Bytes that were not delivered are 0xEE.</param>
/// <param name="Residual">Bytes of data-in that were not delivered.</param>
/// <param name="UnknownOperation">The handler said <c>UNKNOWN_OP</c>.</param>
public sealed record ModelCompletion(byte Status, byte[] Sense, byte[] Data, int Residual, bool UnknownOperation)
{
    /// <summary>Sense key, additional sense code and its qualifier of fixed format sense data, as <c>05/20/00</c>; else empty.</summary>
    public string SenseText => Sense.Length > 13 ? $"{Sense[2] & 15:x2}/{Sense[12]:x2}/{Sense[13]:x2}" : "";
}

/// <summary>
/// A TCMU device without a kernel: a <see cref="KernelRing"/>, a descriptor that tells of commands and takes kicks, and a thread that
/// handles the kicks. Every member is safe to use from any thread.
/// </summary>
/// <remarks>
/// <code>
/// using var device = new ModelDevice();
/// var uio = device.Open();                               // give it to the server, which disposes it
/// var result = await device.SubmitAsync(cdb, dataInLength: 4096);
/// </code>
/// When the user side breaks the ring, every command's task fails with the reason.
/// </remarks>
public sealed class ModelDevice : IDisposable
{
    private const byte Undelivered = 0xee;
    private const byte Busy = 0x08;
    private readonly Lock _lock = new();
    private readonly KernelRing _ring;
    private readonly Queue<Command> _parked = new();
    private readonly HashSet<Command> _onRing = [];
    private int _kernelEnd = -1;
    private Thread? _thread;
    private int _submissions;
    private bool _blocked;
    private bool _plugged;
    private bool _disposed;
    private long _notifications;
    private long _kicks;

    /// <summary>Makes a device with an empty ring.</summary>
    public ModelDevice(KernelRingOptions? options = null) => _ring = new KernelRing(options);

    /// <summary>Why the kernel side holds the ring for broken, or null.</summary>
    public string? BrokenReason
    {
        get
        {
            lock (_lock) return _ring.BrokenReason;
        }
    }

    /// <summary>Commands that have not ended.</summary>
    public int Outstanding
    {
        get
        {
            lock (_lock) return _onRing.Count + _parked.Count;
        }
    }

    /// <summary>How many commands went which way, while there is a zero copy area.</summary>
    public ZeroCopyWays Ways
    {
        get
        {
            lock (_lock) return _ring.Ways;
        }
    }

    /// <summary>How often the user side was told of new commands.</summary>
    public long Notifications => Interlocked.Read(ref _notifications);

    /// <summary>How many kicks were seen; several may be seen as one.</summary>
    public long Kicks => Interlocked.Read(ref _kicks);

    /// <summary>Opens the device, as <see cref="UioDevice.Open(string)"/> does. It may be opened again after it was disposed.</summary>
    /// <exception cref="IOException">It is open.</exception>
    public unsafe UioDevice Open()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_kernelEnd >= 0 && !Native.PeerClosed(_kernelEnd)) throw new IOException("The model device is open already.");
            Close();
            var (kernel, user) = Native.SocketPair();
            _kernelEnd = kernel;
            _thread = new Thread(() => HandleKicks(kernel)) { IsBackground = true, Name = "kernel model" };
            _thread.Start();

            // A fresh reader of a uio device that had events finds it readable.
            if (_ring.Outstanding > 0) Notify();
            return UioDevice.Wrap("(model)", user, _ring.Map, _ring.Length);
        }
    }

    /// <summary>Sends a command without data, or with data-in.</summary>
    /// <param name="cdb">The CDB, as long as its operation code says.</param>
    /// <param name="dataInLength">Bytes of the initiator's buffer.</param>
    public Task<ModelCompletion> SubmitAsync(byte[] cdb, int dataInLength = 0)
    {
        var buffer = new byte[dataInLength];
        buffer.AsSpan().Fill(Undelivered);
        return SubmitAsync(new Command(cdb, dataInLength == 0 ? DataDirection.None : DataDirection.In, buffer));
    }

    /// <summary>Sends a command with data-out.</summary>
    public Task<ModelCompletion> SubmitAsync(byte[] cdb, byte[] dataOut)
    {
        ArgumentNullException.ThrowIfNull(dataOut);
        return SubmitAsync(new Command(cdb, dataOut.Length == 0 ? DataDirection.None : DataDirection.Out, dataOut));
    }

    /// <summary>Puts a task management notification on the ring.</summary>
    public void SubmitTaskManagement(byte function, params ushort[] ids)
    {
        lock (_lock)
        {
            if (!_ring.TrySubmitTaskManagement(function, ids)) throw new InvalidOperationException("The ring is full.");
            Notify();
        }
    }

    /// <summary>Puts bytes on the ring as they are (<see cref="KernelRing.SubmitRaw"/>).</summary>
    public void SubmitRaw(byte[] entry, uint advance)
    {
        lock (_lock)
        {
            _ring.SubmitRaw(entry, advance);
            Notify();
        }
    }

    /// <summary>Tells of no new command until <see cref="Unplug"/>, so that a batch is seen at once.</summary>
    public void Plug()
    {
        lock (_lock) _plugged = true;
    }

    /// <summary>Ends <see cref="Plug"/>.</summary>
    public void Unplug()
    {
        lock (_lock)
        {
            _plugged = false;
            Notify();
        }
    }

    /// <summary>Handles what is completed and answers new commands BUSY from now on (<c>action/block_dev</c> 1).</summary>
    public void Block()
    {
        lock (_lock)
        {
            _blocked = true;
            Look();
        }
    }

    /// <summary>Ends <see cref="Block"/> (<c>action/block_dev</c> 0).</summary>
    public void Unblock()
    {
        lock (_lock) _blocked = false;
    }

    /// <summary>Ends every command on the ring with BUSY and empties the ring (<c>action/reset_ring</c> 1). The ring must not be in use.</summary>
    public void ResetRing()
    {
        lock (_lock)
        {
            _ring.Reset(Busy, End);
            Pump();
        }
    }

    /// <summary>Takes the device away: reads and writes of the descriptor give <c>-EIO</c> from now on.</summary>
    public void Remove()
    {
        lock (_lock) Close();
    }

    /// <summary>Frees the memory. The server must have closed the device.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            thread = _thread;
            Close();
        }

        thread?.Join();
        _ring.Dispose();
    }

    private Task<ModelCompletion> SubmitAsync(Command command)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_blocked) return Task.FromResult(new ModelCompletion(Busy, [], [], 0, false));
            if (_ring.BrokenReason is { } reason) return Task.FromException<ModelCompletion>(new InvalidOperationException(reason));

            // The kernel looks at completions whenever it needs room, without any kick.
            if (++_submissions % 8 == 0) Look();
            _parked.Enqueue(command);
            Pump();
            return command.Task;
        }
    }

    private void Pump()
    {
        var any = false;
        while (_ring.BrokenReason is null && _parked.TryPeek(out var command))
        {
            if (!_ring.TrySubmit(command.Cdb, command.Direction, command.Data, command, out _)) break;
            _parked.Dequeue();
            _onRing.Add(command);
            any = true;
        }

        if (any) Notify();
    }

    private unsafe void Notify()
    {
        if (_plugged || _kernelEnd < 0) return;

        // One message stands for all events until it is read. The barrier keeps the look at the queue behind the store of the head.
        Interlocked.MemoryBarrier();
        if (Native.UnreadByPeer(_kernelEnd) > 0) return;
        Interlocked.Increment(ref _notifications);
        var any = 1;
        _ = Syscalls.Write(_kernelEnd, &any, sizeof(int));
    }

    private void Look()
    {
        _ring.HandleCompletions(End);
        if (_ring.BrokenReason is not { } reason) return;
        foreach (var command in _onRing.Concat(_parked)) command.Fail(reason);
        _onRing.Clear();
        _parked.Clear();
    }

    private void End(KernelCompletion completion)
    {
        var command = (Command)completion.State!;
        _onRing.Remove(command);
        command.End(new ModelCompletion(
            completion.Status, completion.Sense.ToArray(), command.Direction == DataDirection.In ? command.Data : [], completion.Residual,
            completion.UnknownOperation));
    }

    private unsafe void HandleKicks(int kernelEnd)
    {
        var buffer = stackalloc byte[256];
        while (true)
        {
            var length = Syscalls.Read(kernelEnd, buffer, 256);
            if (length <= 0) break;
            Interlocked.Add(ref _kicks, length / sizeof(int));
            lock (_lock)
            {
                if (_disposed) break;
                Look();
                Pump();
            }
        }

        lock (_lock)
        {
            if (_kernelEnd == kernelEnd) _kernelEnd = -1;
            _ = Syscalls.Close(kernelEnd);
        }
    }

    /// <summary>Ends the session; its thread closes the descriptor.</summary>
    private void Close()
    {
        if (_kernelEnd < 0) return;
        Native.Shutdown(_kernelEnd);
        _kernelEnd = -1;
    }

    private sealed class Command(byte[] cdb, DataDirection direction, byte[] data)
    {
        private readonly TaskCompletionSource<ModelCompletion> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public byte[] Cdb => cdb;

        public DataDirection Direction => direction;

        public byte[] Data => data;

        public Task<ModelCompletion> Task => _end.Task;

        public void End(ModelCompletion completion) => _end.TrySetResult(completion);

        public void Fail(string reason) => _end.TrySetException(new InvalidOperationException(reason));
    }
}

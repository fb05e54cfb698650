using CsiTcmu.Tcmu;

namespace CsiTcmu.KernelModel;

/// <summary>The end of a command, as the kernel model hands it to the initiator.</summary>
public readonly unsafe ref struct KernelCompletion
{
    private readonly byte* _sense;

    internal KernelCompletion(ushort id, object? state, byte status, bool unknownOperation, int residual, byte* sense)
    {
        Id = id;
        State = state;
        Status = status;
        UnknownOperation = unknownOperation;
        Residual = residual;
        _sense = sense;
    }

    /// <summary>The command.</summary>
    public ushort Id { get; }

    /// <summary>What was given to <see cref="KernelRing.TrySubmit"/>.</summary>
    public object? State { get; }

    /// <summary>SCSI status byte.</summary>
    public byte Status { get; }

    /// <summary>The handler said <c>UNKNOWN_OP</c>.</summary>
    public bool UnknownOperation { get; }

    /// <summary>Bytes of data-in that were not delivered.</summary>
    public int Residual { get; }

    /// <summary>96 bytes of sense data after CHECK CONDITION; else empty.</summary>
    public ReadOnlySpan<byte> Sense => _sense == null ? default : new ReadOnlySpan<byte>(_sense, RingResponse.SenseCapacity);
}

/// <summary>Receives the end of a command.</summary>
public delegate void KernelCompletionHandler(KernelCompletion completion);

using System.Runtime.InteropServices;

namespace CsiTcmu.Tcmu;

/// <summary><c>struct tcmu_mailbox</c>: the first bytes of the mapping (include/uapi/linux/target_core_user.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct Mailbox
{
    /// <summary>The only version there is; Documentation/target/tcmu-design.rst still speaks of 1.</summary>
    public const ushort SupportedVersion = 2;

    [FieldOffset(0)] public ushort Version;
    [FieldOffset(2)] public MailboxFlags Flags;
    [FieldOffset(4)] public uint RingOffset;
    [FieldOffset(8)] public uint RingSize;

    /// <summary>Written by the kernel: where its next entry will go.</summary>
    [FieldOffset(12)] public uint Head;

    /// <summary>With <see cref="MailboxFlags.ZeroCopy"/>: where the zero copy area begins, from the start of the mapping; it goes on to the end.</summary>
    [FieldOffset(16)] public ulong ZeroCopyOffset;

    /// <summary>Written by the user: the first slot that is not completed. A cache line of its own.</summary>
    [FieldOffset(64)] public uint Tail;
}

/// <summary>What the kernel side is capable of (<c>TCMU_MAILBOX_FLAG_CAP_*</c>).</summary>
[Flags]
internal enum MailboxFlags : ushort
{
    OutOfOrderCompletion = 1,
    ReadLength = 2,
    TaskManagement = 4,
    KeepBuffer = 8,

    /// <summary>There is a zero copy area; only the target_core_user of <c>deploy/kernel</c> says so.</summary>
    ZeroCopy = 16,
}

/// <summary>The low three bits of <see cref="RingEntry.LengthAndOperation"/>.</summary>
internal enum RingOperation : uint
{
    Pad = 0,
    Command = 1,
    TaskManagement = 2,
}

/// <summary>What the kernel says of a command (<c>kflags</c>); means something only where there is a zero copy area.</summary>
[Flags]
internal enum KernelFlags : byte
{
    None = 0,

    /// <summary>The one iovec lies in the zero copy area.</summary>
    ZeroCopy = 1,

    /// <summary>Its pages hold data to be written and are read-only.</summary>
    ReadOnly = 2,
}

/// <summary>What the user says beside its answer (<c>uflags</c>).</summary>
[Flags]
internal enum ResponseFlags : byte
{
    None = 0,
    UnknownOperation = 1,
    ReadLength = 2,
    KeepBuffer = 4,
}

/// <summary><c>struct tcmu_cmd_entry</c>: header and request; the response overlays the request, see <see cref="RingResponse"/>.</summary>
/// <remarks>The inner structure of the request is not packed, so that <c>cdb_off</c> lies at 24 and the iovecs at 48.</remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct RingEntry
{
    /// <summary>Size without more iovecs than fit; the least length of an entry that is answered, since the response needs it.</summary>
    public const int Size = 112;

    /// <summary>Where the iovecs begin.</summary>
    public const int VectorsOffset = 48;

    /// <summary>Size of the header alone; a PAD has nothing else.</summary>
    public const int HeaderSize = 8;

    /// <summary>Size of <c>struct tcmu_tmr_entry</c> without its list of command ids.</summary>
    public const int TaskManagementSize = 32;

    /// <summary>The bits of <see cref="LengthAndOperation"/> that hold the operation; lengths are multiples of 8.</summary>
    public const uint OperationMask = 7;

    [FieldOffset(0)] public uint LengthAndOperation;
    [FieldOffset(4)] public ushort Id;
    [FieldOffset(6)] public KernelFlags KernelFlags;
    [FieldOffset(7)] public ResponseFlags UserFlags;
    [FieldOffset(8)] public uint VectorCount;
    [FieldOffset(12)] public uint BidirectionalVectorCount;
    [FieldOffset(16)] public uint IntegrityVectorCount;
    [FieldOffset(24)] public ulong CdbOffset;
}

/// <summary>An iovec as an entry holds it: the address is an offset from the start of the mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RingVector
{
    public ulong Offset;
    public ulong Length;
}

/// <summary><c>struct tcmu_cmd_entry</c>: header and response.</summary>
[StructLayout(LayoutKind.Explicit, Size = RingEntry.Size)]
internal unsafe struct RingResponse
{
    /// <summary><c>TCMU_SENSE_BUFFERSIZE</c>.</summary>
    public const int SenseCapacity = 96;

    [FieldOffset(0)] public uint LengthAndOperation;
    [FieldOffset(4)] public ushort Id;
    [FieldOffset(6)] public KernelFlags KernelFlags;
    [FieldOffset(7)] public ResponseFlags UserFlags;
    [FieldOffset(8)] public byte Status;
    [FieldOffset(12)] public uint ReadLength;
    [FieldOffset(16)] public fixed byte Sense[SenseCapacity];
}

/// <summary><c>struct tcmu_tmr_entry</c>; <c>u16 cmd_ids[]</c> follow it.</summary>
[StructLayout(LayoutKind.Explicit, Size = RingEntry.TaskManagementSize)]
internal struct RingTaskManagement
{
    [FieldOffset(0)] public uint LengthAndOperation;
    [FieldOffset(4)] public ushort Id;
    [FieldOffset(6)] public KernelFlags KernelFlags;
    [FieldOffset(7)] public ResponseFlags UserFlags;
    [FieldOffset(8)] public byte Function;
    [FieldOffset(12)] public uint CommandCount;
}

using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

// Structures and numbers of include/uapi/linux/io_uring.h.

/// <summary><c>struct io_uring_sqe</c>: one operation handed to the kernel.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct SubmissionEntry
{
    [FieldOffset(0)] public byte Operation;
    [FieldOffset(1)] public byte Flags;
    [FieldOffset(4)] public int File;
    [FieldOffset(8)] public ulong Offset;
    [FieldOffset(16)] public ulong Address;
    [FieldOffset(24)] public uint Length;
    [FieldOffset(28)] public uint OperationFlags;
    [FieldOffset(32)] public ulong UserData;
}

/// <summary><c>struct io_uring_cqe</c>: the end of an operation, or one event of a multishot one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CompletionEntry
{
    public ulong UserData;
    public int Result;
    public uint Flags;
}

/// <summary><c>struct io_sqring_offsets</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SubmissionOffsets
{
    public uint Head, Tail, Mask, Entries, Flags, Dropped, Array, Reserved;
    public ulong Address;
}

/// <summary><c>struct io_cqring_offsets</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CompletionOffsets
{
    public uint Head, Tail, Mask, Entries, Overflow, Completions, Flags, Reserved;
    public ulong Address;
}

/// <summary><c>struct io_uring_params</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoUringParameters
{
    public uint SubmissionEntries, CompletionEntries, Flags, ThreadProcessor, ThreadIdle, Features, WorkQueueFile;
    public fixed uint Reserved[3];
    public SubmissionOffsets Submission;
    public CompletionOffsets Completion;
}

/// <summary><c>struct io_uring_getevents_arg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WaitArgument
{
    public ulong SignalMask;
    public uint SignalMaskSize;
    public uint Padding;
    public ulong Timeout;
}

/// <summary><c>struct __kernel_timespec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelTime
{
    public long Seconds;
    public long Nanoseconds;
}

/// <summary>IORING_* numbers.</summary>
internal static class IoUringAbi
{
    public const uint SetupCompletionSize = 1 << 3;
    public const uint SetupClamp = 1 << 4;
    public const uint SetupDisabled = 1 << 6;
    public const uint SetupSubmitAll = 1 << 7;
    public const uint SetupCooperative = 1 << 8;
    public const uint SetupTaskRunFlag = 1 << 9;
    public const uint SetupSingleIssuer = 1 << 12;
    public const uint SetupDeferTaskRun = 1 << 13;

    public const uint FeatureSingleMap = 1 << 0;
    public const uint FeatureNoDrop = 1 << 1;
    public const uint FeatureSubmitStable = 1 << 2;
    public const uint FeatureExtendedArgument = 1 << 8;
    public const uint FeatureResourceTags = 1 << 10;

    public const byte Readv = 1;
    public const byte Writev = 2;
    public const byte FileSync = 3;
    public const byte PollAdd = 6;
    public const byte PollRemove = 7;
    public const byte FileAllocate = 17;
    public const byte Read = 22;
    public const byte Write = 23;

    public const byte EntryAsync = 1 << 4;

    public const uint PollMultishot = 1;
    public const uint SyncDataOnly = 1;
    public const uint WriteDataSync = 2; // RWF_DSYNC
    public const uint PollReadable = 1; // POLLIN

    public const uint CompletionMore = 2;

    public const uint SubmissionOverflow = 1 << 1;
    public const uint SubmissionTaskRun = 1 << 2;

    public const uint EnterGetEvents = 1;
    public const uint EnterExtendedArgument = 1 << 3;

    public const uint RegisterProbe = 8;
    public const uint RegisterEnableRings = 12;

    public const long OffsetSubmissionRing = 0;
    public const long OffsetSubmissionEntries = 0x10000000;
}

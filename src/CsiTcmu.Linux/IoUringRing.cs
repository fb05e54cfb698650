using System.Runtime.CompilerServices;

namespace CsiTcmu.Linux;

/// <summary>How <c>io_uring_setup(2)</c> is called; a test puts a refusal here.</summary>
internal unsafe delegate int IoUringSetup(uint entries, IoUringParameters* parameters);

/// <summary>
/// The two rings of one io_uring as mapped memory, and the three system calls. The only place that touches what the kernel shares.
/// Used by one thread.
/// </summary>
/// <remarks>
/// Who writes what: this side the submission tail and the completion head, the kernel the submission head, the completion tail and the
/// flags. Each side publishes with a release store after it has written or read the entries in question, and reads the other's index with an
/// acquire load before it looks at entries. The indices run freely and wrap at 2^32; masked they are positions.
/// </remarks>
internal sealed unsafe class IoUringRing : IDisposable
{
    private const uint NeededFeatures = IoUringAbi.FeatureSingleMap | IoUringAbi.FeatureNoDrop | IoUringAbi.FeatureSubmitStable
        | IoUringAbi.FeatureExtendedArgument | IoUringAbi.FeatureResourceTags;

    // From the best to the plainest. Deferred task work (Linux 6.1) runs completions in io_uring_enter alone, on this thread, without
    // interrupting it; the task-run flag says in shared memory that there are some. Cooperative task work is Linux 5.19, submit-all 5.18.
    private static readonly (uint Flags, string Name)[] Setups =
    [
        (IoUringAbi.SetupSingleIssuer | IoUringAbi.SetupDeferTaskRun | IoUringAbi.SetupCooperative | IoUringAbi.SetupTaskRunFlag
            | IoUringAbi.SetupSubmitAll, "single issuer, deferred task work"),
        (IoUringAbi.SetupCooperative | IoUringAbi.SetupTaskRunFlag | IoUringAbi.SetupSubmitAll, "cooperative task work"),
        (IoUringAbi.SetupSubmitAll, "submit all"),
        (0, "plain"),
    ];

    private readonly int _file;
    private readonly byte* _map;
    private readonly nuint _mapLength;
    private readonly SubmissionEntry* _submissions;
    private readonly nuint _submissionsLength;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint* _submissionFlags;
    private readonly uint _submissionMask;
    private readonly uint _submissionEntries;
    private readonly CompletionEntry* _completions;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _completionMask;

    // This side's own indices; the shared ones follow by Publish and ReleaseTaken.
    private uint _tail;
    private uint _head;
    private bool _disposed;

    private IoUringRing(int file, in IoUringParameters parameters, byte* map, nuint mapLength, byte* submissions, nuint submissionsLength)
    {
        _file = file;
        _map = map;
        _mapLength = mapLength;
        _submissions = (SubmissionEntry*)submissions;
        _submissionsLength = submissionsLength;
        ref readonly var submission = ref parameters.Submission;
        ref readonly var completion = ref parameters.Completion;
        _submissionHead = (uint*)(map + submission.Head);
        _submissionTail = (uint*)(map + submission.Tail);
        _submissionFlags = (uint*)(map + submission.Flags);
        _submissionMask = *(uint*)(map + submission.Mask);
        _submissionEntries = parameters.SubmissionEntries;
        _completions = (CompletionEntry*)(map + completion.Completions);
        _completionHead = (uint*)(map + completion.Head);
        _completionTail = (uint*)(map + completion.Tail);
        _completionMask = *(uint*)(map + completion.Mask);

        // The submission ring is an array of indices into the entries; entry i always stands at position i.
        var array = (uint*)(map + submission.Array);
        for (var i = 0u; i < _submissionEntries; i++) array[i] = i;
        _tail = Volatile.Read(ref *_submissionTail);
        _head = Volatile.Read(ref *_completionHead);
    }

    /// <summary>Which of the ways to set up the kernel accepted, for logs.</summary>
    public string SetupName { get; private init; } = "";

    /// <summary>Entries that the kernel has not taken yet.</summary>
    public uint Unsubmitted => _tail - Volatile.Read(ref *_submissionHead);

    /// <summary>True when there is a completion to take.</summary>
    public bool HasCompletions => Volatile.Read(ref *_completionTail) != _head;

    /// <summary>True when completions wait in the kernel for a call of <see cref="Enter"/>.</summary>
    public bool WantsEnter =>
        (Volatile.Read(ref *_submissionFlags) & (IoUringAbi.SubmissionTaskRun | IoUringAbi.SubmissionOverflow)) != 0;

    /// <summary>Makes a ring that is not enabled yet, so that any thread may make it and the thread that enables it owns it.</summary>
    /// <returns>The ring, or null with <c>-errno</c> and the part that was refused.</returns>
    public static IoUringRing? TryOpen(uint submissionEntries, uint completionEntries, IoUringSetup setup, out int error, out string refused)
    {
        IoUringParameters parameters = default;
        var file = -Errno.InvalidArgument;
        var name = "";
        refused = "io_uring_setup";
        foreach (var (flags, setupName) in Setups)
        {
            parameters = new IoUringParameters
            {
                Flags = flags | IoUringAbi.SetupDisabled | IoUringAbi.SetupClamp | IoUringAbi.SetupCompletionSize,
                CompletionEntries = completionEntries,
            };
            name = setupName;
            file = setup(submissionEntries, &parameters);
            if (file != -Errno.InvalidArgument) break;
        }
        if ((error = file) < 0) return null;
        error = CheckKernel(file, parameters.Features, ref refused);
        var ring = error < 0 ? null : TryMap(file, parameters, name, out error);
        if (ring is null) _ = Syscalls.Close(file);
        return ring;
    }

    /// <summary>Lets the calling thread, and no other from now on, submit.</summary>
    /// <returns>0 or <c>-errno</c>.</returns>
    public int Enable() => Syscalls.IoUringRegister(_file, IoUringAbi.RegisterEnableRings, null, 0);

    /// <summary>The next free entry, cleared, to be filled before the next <see cref="Enter"/>; null when the ring is full.</summary>
    public SubmissionEntry* NextEntry()
    {
        // The acquire load of the head: the kernel has finished reading the entry that stood here before.
        if (Unsubmitted >= _submissionEntries) return null;
        var entry = _submissions + (_tail++ & _submissionMask);
        *entry = default;
        return entry;
    }

    /// <summary>Submits everything, and waits for completions when asked to.</summary>
    /// <param name="minimumComplete">Completions to wait for; 0 only looks for those that are ready.</param>
    /// <param name="timeoutMilliseconds">Longest wait, or -1.</param>
    /// <returns>Entries submitted, or <c>-errno</c>; what was submitted shows in <see cref="Unsubmitted"/> alone.</returns>
    public int Enter(uint minimumComplete, int timeoutMilliseconds)
    {
        Volatile.Write(ref *_submissionTail, _tail); // release: the entries before the tail
        var flags = IoUringAbi.EnterGetEvents;
        if (minimumComplete == 0 || timeoutMilliseconds < 0)
            return Syscalls.IoUringEnter(_file, Unsubmitted, minimumComplete, flags, null, 0);
        var time = new KernelTime { Seconds = timeoutMilliseconds / 1000, Nanoseconds = timeoutMilliseconds % 1000 * 1_000_000L };
        var argument = new WaitArgument { Timeout = (ulong)&time };
        return Syscalls.IoUringEnter(_file, Unsubmitted, minimumComplete, flags | IoUringAbi.EnterExtendedArgument, &argument,
            (nuint)sizeof(WaitArgument));
    }

    /// <summary>Takes the oldest completion. <see cref="ReleaseTaken"/> gives its place back to the kernel.</summary>
    public bool TryTake(out CompletionEntry completion)
    {
        if (!HasCompletions) // acquire: the entries before the kernel's tail
        {
            Unsafe.SkipInit(out completion);
            return false;
        }
        completion = _completions[_head++ & _completionMask];
        return true;
    }

    /// <summary>Gives the kernel the places of all completions taken.</summary>
    public void ReleaseTaken() => Volatile.Write(ref *_completionHead, _head); // release: our reads of the entries before the head

    /// <summary>True when a completion that nobody has taken yet ends the operation with this user data.</summary>
    public bool HasEnd(ulong userData)
    {
        var tail = Volatile.Read(ref *_completionTail);
        for (var at = _head; at != tail; at++)
        {
            var entry = _completions + (at & _completionMask);
            if (entry->UserData == userData && (entry->Flags & IoUringAbi.CompletionMore) == 0) return true;
        }
        return false;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _ = Syscalls.Unmap((byte*)_submissions, _submissionsLength);
        _ = Syscalls.Unmap(_map, _mapLength);
        _ = Syscalls.Close(_file);
    }

    /// <summary>A seccomp filter may pass one of the three calls and refuse another; a kernel may lack what is needed.</summary>
    private static int CheckKernel(int file, uint features, ref string refused)
    {
        if ((features & NeededFeatures) != NeededFeatures)
        {
            refused = $"io_uring of this kernel (features {features:x}, needed {NeededFeatures:x}: Linux 5.13)";
            return -Errno.NoSystemCall;
        }

        // A ring that is not enabled answers EBADFD to an enter that the kernel lets through.
        var entered = Syscalls.IoUringEnter(file, 0, 0, 0, null, 0);
        if (entered != -Errno.BadState)
        {
            refused = "io_uring_enter";
            return entered < 0 ? entered : -Errno.InvalidArgument;
        }

        const int Operations = 64;
        var probe = stackalloc byte[16 + (Operations * 8)];
        new Span<byte>(probe, 16 + (Operations * 8)).Clear();
        var registered = Syscalls.IoUringRegister(file, IoUringAbi.RegisterProbe, probe, Operations);
        if (registered < 0)
        {
            refused = "io_uring_register";
            return registered;
        }
        foreach (var operation in (ReadOnlySpan<byte>)[IoUringAbi.Readv, IoUringAbi.Writev, IoUringAbi.FileSync, IoUringAbi.PollAdd,
            IoUringAbi.PollRemove, IoUringAbi.FileAllocate, IoUringAbi.Read, IoUringAbi.Write])
        {
            // struct io_uring_probe: last_op, ops_len, 14 bytes, then { op, resv, u16 flags, u32 } with IO_URING_OP_SUPPORTED 1.
            if (operation <= probe[0] && (probe[16 + (operation * 8) + 2] & 1) != 0) continue;
            refused = $"io_uring operation {operation}";
            return -Errno.NoSystemCall;
        }
        return 0;
    }

    private static IoUringRing? TryMap(int file, in IoUringParameters parameters, string name, out int error)
    {
        const int ReadWrite = 3;
        const int SharedPopulate = 0x8001;
        var submissionEnd = parameters.Submission.Array + (parameters.SubmissionEntries * sizeof(uint));
        var completionEnd = parameters.Completion.Completions + (parameters.CompletionEntries * (uint)sizeof(CompletionEntry));
        nuint length = Math.Max(submissionEnd, completionEnd);
        var entriesLength = parameters.SubmissionEntries * (nuint)sizeof(SubmissionEntry);
        error = Syscalls.Map(length, ReadWrite, SharedPopulate, file, IoUringAbi.OffsetSubmissionRing, out var map);
        if (error < 0) return null;
        error = Syscalls.Map(entriesLength, ReadWrite, SharedPopulate, file, IoUringAbi.OffsetSubmissionEntries, out var entries);
        if (error == 0) return new IoUringRing(file, parameters, map, length, entries, entriesLength) { SetupName = name };
        _ = Syscalls.Unmap(map, length);
        return null;
    }
}

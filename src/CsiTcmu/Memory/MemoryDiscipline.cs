using CsiTcmu.Linux;

namespace CsiTcmu.Memory;

/// <summary>
/// Keeps the process able to serve I/O when memory is short. Writeback of a page of a file system that lies on one of our disks waits for
/// this process; so this process must never wait for that writeback.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Every thread carries the I/O flusher flag (<c>PR_SET_IO_FLUSHER</c>), so that its allocations start no writeback and are not
/// throttled. The flag is per thread and the runtime starts threads before <c>Main</c>: it is set, then the process executes itself
/// again, and all threads inherit it (<c>kernel/sys.c</c>, kept over <c>execve</c>).</item>
/// <item>Memory that has been touched stays (<c>mlockall</c> with <c>MCL_ONFAULT</c>), so that no page of ours waits for a disk.</item>
/// <item>The managed heap has a hard limit (<c>System.GC.HeapHardLimit</c> in the runtime configuration).</item>
/// <item>The out-of-memory killer looks elsewhere first (<c>oom_score_adj</c>).</item>
/// </list>
/// </remarks>
internal static class MemoryDiscipline
{
    private const int SetIoFlusher = 57;
    private const int GetIoFlusher = 58;
    private const int LockCurrent = 1, LockFuture = 2, LockOnFault = 4;
    private const long FlusherThreadFlag = 0x0008_0000; // PF_MEMALLOC_NOIO, include/linux/sched.h
    private const string Marker = "CSI_TCMU_FLUSHER";
    private const int ProtectedScore = -999;

    /// <summary>
    /// Sets the flusher flag and executes this program again, once. Goes on where that is not permitted, and where the parent has the
    /// flag, since then all threads have it already.
    /// </summary>
    public static void EnterFlusher()
    {
        if (Syscalls.ProcessControl(GetIoFlusher, 0) == 1 || Environment.GetEnvironmentVariable(Marker) is not null) return;
        if (Syscalls.ProcessControl(SetIoFlusher, 1) < 0) return;
        var arguments = File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0');
        var result = Syscalls.Execute("/proc/self/exe", arguments, Marker, "1");
        throw new IOException($"cannot execute /proc/self/exe again: {Syscalls.Describe(result)}");
    }

    /// <summary>Locks memory and lowers the out-of-memory score, then reports on all four points.</summary>
    public static IReadOnlyList<MemoryFinding> Apply()
    {
        var locked = Syscalls.LockAllMemory(LockCurrent | LockFuture | LockOnFault);
        return [Flusher(), Locked(locked), HeapLimit(), OutOfMemoryScore()];
    }

    private static MemoryFinding Flusher()
    {
        var flag = Syscalls.ProcessControl(GetIoFlusher, 0);
        if (flag < 0)
        {
            return new("I/O flusher", false, $"prctl(PR_GET_IO_FLUSHER): {Syscalls.Describe(flag)}",
                "run with CAP_SYS_RESOURCE on Linux 5.6 or newer");
        }

        var (all, flagged) = CountThreads();
        return all == flagged
            ? new("I/O flusher", true, $"set on all {all} threads", "")
            : new("I/O flusher", false, $"set on {flagged} of {all} threads", "run with CAP_SYS_RESOURCE, so that the flag can be set");
    }

    private static (int All, int Flagged) CountThreads()
    {
        int all = 0, flagged = 0;
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string line;
            try
            {
                line = File.ReadAllText(task + "/stat");
            }
            catch (IOException)
            {
                continue; // The thread has ended meanwhile.
            }

            // The name in parentheses may hold anything; the flags are the seventh field behind it (proc(5)).
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            all++;
            if ((long.Parse(fields[6]) & FlusherThreadFlag) != 0) flagged++;
        }

        return (all, flagged);
    }

    private static MemoryFinding Locked(int result) => result == 0
        ? new("memory lock", true, "pages stay once touched (MCL_ONFAULT)", "")
        : new("memory lock", false, $"mlockall: {Syscalls.Describe(result)}", "run with CAP_IPC_LOCK, or ulimit -l unlimited");

    private static MemoryFinding HeapLimit()
    {
        var limit = AppContext.GetData("GCHeapHardLimit") ?? AppContext.GetData("System.GC.HeapHardLimit");
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return limit is not null || Environment.GetEnvironmentVariable("DOTNET_GCHeapHardLimit") is not null
            ? new("managed heap", true, $"at most {total >> 20} MiB", "")
            : new("managed heap", false, "no hard limit", "keep csi-tcmu.runtimeconfig.json beside the program, or set DOTNET_GCHeapHardLimit");
    }

    private static MemoryFinding OutOfMemoryScore()
    {
        const string Path = "/proc/self/oom_score_adj";
        try
        {
            if (int.Parse(File.ReadAllText(Path)) > ProtectedScore) File.WriteAllText(Path, ProtectedScore.ToString());
            return new("out-of-memory score", true, $"oom_score_adj {File.ReadAllText(Path).Trim()}", "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("out-of-memory score", false, $"{Path}: {e.Message}", "run with CAP_SYS_RESOURCE");
        }
    }
}

/// <summary>One point of the memory discipline.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="Fine">Whether it holds.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Fix">What mends it.</param>
internal sealed record MemoryFinding(string Subject, bool Fine, string Detail, string Fix);

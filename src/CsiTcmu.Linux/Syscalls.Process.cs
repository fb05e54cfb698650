using System.Numerics;
using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

public static unsafe partial class Syscalls
{
    /// <summary><c>prctl(2)</c>.</summary>
    public static int ProcessControl(int option, nuint argument) => Result(prctl(option, argument, 0, 0, 0));

    /// <summary><c>mlockall(2)</c>; <paramref name="flags"/> are MCL_* bits.</summary>
    public static int LockAllMemory(int flags) => Result(mlockall(flags));

    /// <summary><c>execve(2)</c> with this process's present environment plus one variable. Returns only when it fails.</summary>
    /// <returns><c>-errno</c>.</returns>
    public static int Execute(string path, IReadOnlyList<string> arguments, string variable, string value)
    {
        // The managed Environment is a copy; execv hands on the C library's own, so the variable is set there.
        var result = Result(setenv(variable, value, 1));
        if (result < 0) return result;
        var argv = (byte**)NativeMemory.AllocZeroed((nuint)arguments.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < arguments.Count; i++) argv[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        return Result(execv(path, argv));
    }

    /// <summary><c>gettid(2)</c>.</summary>
    public static int ThreadId() => gettid();

    /// <summary><c>clock_gettime(2)</c> of the processor time of a thread of this process.</summary>
    /// <param name="thread">As <see cref="ThreadId"/> tells it.</param>
    /// <param name="time">User and system time.</param>
    public static int ThreadProcessorTime(int thread, out TimeSpan time)
    {
        // include/linux/posix-timers_types.h: a clock of a thread, by the scheduler's accounts.
        const int PerThread = 4, Scheduled = 2;
        var moment = stackalloc long[2];
        var result = Result(clock_gettime((~thread << 3) | PerThread | Scheduled, moment));
        time = result < 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(moment[0]) + TimeSpan.FromTicks(moment[1] / TimeSpan.NanosecondsPerTick);
        return result;
    }

    /// <summary><c>sched_getaffinity(2)</c> of the calling thread.</summary>
    /// <param name="first">The lowest number of a processor that it may run on.</param>
    /// <param name="last">The highest.</param>
    public static int Processors(out int first, out int last)
    {
        const int words = 128; // 8192 processors, the most that Linux is built for.
        var set = stackalloc ulong[words];
        new Span<ulong>(set, words).Clear();
        (first, last) = (0, 0);
        var result = Result(sched_getaffinity(0, words * sizeof(ulong), set));
        if (result < 0) return result;
        (first, last) = (-1, -1);
        for (var word = 0; word < words; word++)
        {
            if (set[word] == 0) continue;
            if (first < 0) first = (word * 64) + BitOperations.TrailingZeroCount(set[word]);
            last = (word * 64) + BitOperations.Log2(set[word]);
        }

        return 0;
    }

    /// <summary><c>sched_setaffinity(2)</c>: has the calling thread run on one processor only.</summary>
    public static int RunOn(int processor)
    {
        var words = (processor / 64) + 1;
        var set = stackalloc ulong[words];
        new Span<ulong>(set, words).Clear();
        set[processor / 64] = 1UL << (processor % 64);
        return Result(sched_setaffinity(0, (nuint)words * sizeof(ulong), set));
    }

    /// <summary><c>geteuid(2)</c>.</summary>
    public static int EffectiveUser() => (int)geteuid();

    /// <summary><c>kill(2)</c>.</summary>
    public static int Kill(int process, int signal) => Result(kill(process, signal));

    [LibraryImport(Libc)]
    private static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport(Libc)]
    private static partial int mlockall(int flags);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport(Libc, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execv(string path, byte** argv);

    [LibraryImport(Libc)]
    private static partial int gettid();

    [LibraryImport(Libc)]
    private static partial int clock_gettime(int clock, long* moment);

    [LibraryImport(Libc)]
    private static partial int sched_getaffinity(int thread, nuint size, ulong* set);

    [LibraryImport(Libc)]
    private static partial int sched_setaffinity(int thread, nuint size, ulong* set);

    [LibraryImport(Libc)]
    private static partial uint geteuid();

    [LibraryImport(Libc)]
    private static partial int kill(int process, int signal);
}

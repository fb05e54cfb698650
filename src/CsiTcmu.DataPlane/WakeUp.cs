using System.Diagnostics;
using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane;

/// <summary>What it costs on this machine to have a thread sleep and be woken by another.</summary>
internal static unsafe class WakeUp
{
    private const int Rounds = 32;

    /// <summary>
    /// Measures it: two threads on two processors wake each other in turns, and the quickest turn counts, since others waited for a processor too.
    /// Left to the scheduler the two may share a processor, and then wake-ups look cheaper than those of a reactor and the kernel's workers are.
    /// </summary>
    /// <exception cref="IOException">No eventfd can be made.</exception>
    public static TimeSpan Cost()
    {
        var there = Open();
        var back = Open();
        var apart = Syscalls.Processors(out var first, out var last) >= 0 && first != last;
        try
        {
            var quickest = TimeSpan.MaxValue;
            var other = new Thread(() =>
            {
                if (apart) _ = Syscalls.RunOn(last);
                for (var round = 0; round < Rounds; round++)
                {
                    Wait(there);
                    Wake(back);
                }
            });
            // A thread of its own, since one of the pool would stay on that processor.
            var waker = new Thread(() =>
            {
                if (apart) _ = Syscalls.RunOn(first);
                for (var round = 0; round < Rounds; round++)
                {
                    var begun = Stopwatch.GetTimestamp();
                    Wake(there);
                    Wait(back);
                    var turn = Stopwatch.GetElapsedTime(begun);
                    if (turn < quickest) quickest = turn;
                }
            });
            other.Start();
            waker.Start();
            waker.Join();
            other.Join();
            return quickest / 2;
        }
        finally
        {
            _ = Syscalls.Close(there);
            _ = Syscalls.Close(back);
        }
    }

    private static int Open()
    {
        var file = Syscalls.EventFile(semaphore: false);
        return file >= 0 ? file : throw new IOException($"An eventfd cannot be made: {Syscalls.Describe(file)}.");
    }

    private static void Wake(int file)
    {
        var one = 1UL;
        _ = Syscalls.Write(file, &one, sizeof(ulong));
    }

    private static void Wait(int file)
    {
        ulong count;
        while (Syscalls.Read(file, &count, sizeof(ulong)) == -Errno.Interrupted)
        {
        }
    }
}

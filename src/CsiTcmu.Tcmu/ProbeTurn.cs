using System.Diagnostics;
using CsiTcmu.Linux;

namespace CsiTcmu.Tcmu;

/// <summary>
/// The right to make and remove the devices of <see cref="ZeroCopyProbe"/>: <c>flock(2)</c> on the target's folder of devices, for one process of
/// all containers at a time. The kernel takes it back when the process ends, however it ends.
/// </summary>
internal sealed class ProbeTurn : IDisposable
{
    private const int Exclusive = 2, NonBlocking = 4; // LOCK_EX, LOCK_NB
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private int _file;

    private ProbeTurn(int file) => _file = file;

    /// <summary>Takes it.</summary>
    /// <param name="paths">Where the kernel's trees are. Without the folder there is nothing to take turns at, and the turn is granted.</param>
    /// <param name="patience">How long another process is waited for.</param>
    /// <returns>Null when another process has it.</returns>
    public static ProbeTurn? Take(KernelPaths paths, TimeSpan patience)
    {
        var file = Syscalls.Open($"{paths.Target}/core", OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (file < 0) return new ProbeTurn(-1);
        var started = Stopwatch.GetTimestamp();
        while (Syscalls.Lock(file, Exclusive | NonBlocking) < 0)
        {
            if (Stopwatch.GetElapsedTime(started) >= patience)
            {
                _ = Syscalls.Close(file);
                return null;
            }

            // flock(2) either waits without an end or not at all, and tells nobody when the lock is free. A process waits so at its start
            // only, before it serves anything, on a thread that does nothing else, and no longer than its patience.
            Thread.Sleep(Pause);
        }

        return new ProbeTurn(file);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var file = Interlocked.Exchange(ref _file, -1);
        if (file >= 0) _ = Syscalls.Close(file);
    }
}

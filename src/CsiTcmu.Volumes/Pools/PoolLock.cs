using System.Diagnostics;
using System.Text;
using CsiTcmu.Linux;

namespace CsiTcmu.Volumes.Pools;

/// <summary>
/// The lock that makes one process the owner of a pool: <c>flock(2)</c> on <c>.lock</c>, which the kernel takes back when the process
/// ends, however it ends. The file holds the owner's process id, for people.
/// </summary>
internal sealed unsafe class PoolLock : IDisposable
{
    private const string Name = ".lock";
    private const int Exclusive = 2, NonBlocking = 4; // LOCK_EX, LOCK_NB
    private const int Mode = 0x1a4; // 0644
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private int _file;

    private PoolLock(int file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="pool">The pool's name, for messages.</param>
    /// <param name="folder">The pool's folder.</param>
    /// <param name="patience">How long a holder that is about to end is waited for.</param>
    /// <exception cref="VolumeException">Another process has it.</exception>
    public static PoolLock Take(string pool, string folder, TimeSpan patience)
    {
        var path = $"{folder}/{Name}";
        var file = SystemCallException.Check(
            Syscalls.Open(path, OpenFlags.ReadOnly | OpenFlags.Create | OpenFlags.NoFollow | OpenFlags.CloseOnExec, Mode),
            $"{path} cannot be opened");
        var started = Stopwatch.GetTimestamp();
        for (; ; )
        {
            var result = Syscalls.Lock(file, Exclusive | NonBlocking);
            if (result == 0) break;
            if (result == -Errno.TryAgain && Stopwatch.GetElapsedTime(started) < patience && Holder(path) != Environment.ProcessId)
            {
                // flock(2) either waits without an end or not at all. This happens once, at the start, before anything is served.
                Thread.Sleep(Pause);
                continue;
            }

            _ = Syscalls.Close(file);
            if (result != -Errno.TryAgain) throw new SystemCallException($"{path} cannot be locked", result);
            throw new VolumeException(VolumeError.FailedPrecondition, InUse(pool, folder, Holder(path)));
        }

        TellHolder(path);
        return new PoolLock(file);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var file = Interlocked.Exchange(ref _file, -1);
        if (file >= 0) _ = Syscalls.Close(file);
    }

    /// <summary>
    /// Writes this process's number. The lock itself is open for reading only, so that it does not keep the file system from being made
    /// read-only; on one that is, the number stays an old one and the lock holds all the same.
    /// </summary>
    private static void TellHolder(string path)
    {
        var file = Syscalls.Open(path, OpenFlags.WriteOnly | OpenFlags.Truncate | OpenFlags.CloseOnExec);
        if (file < 0) return;
        var text = Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n");
        fixed (byte* start = text) _ = Syscalls.Write(file, start, (nuint)text.Length);
        _ = Syscalls.Close(file);
    }

    private static string InUse(string pool, string folder, int holder) => holder == Environment.ProcessId
        ? $"pool '{pool}': {folder} is the folder of another pool already; give each pool a folder of its own"
        : $"pool '{pool}' ({folder}) is in use by process {(holder == 0 ? "(unknown)" : holder)}; stop that process, or give this one another pool";

    /// <summary>The number in the file; 0 when there is none. The runtime's own calls would ask for the very same lock.</summary>
    private static int Holder(string path)
    {
        const int longest = 16;
        var file = Syscalls.Open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec);
        if (file < 0) return 0;
        var buffer = stackalloc byte[longest];
        var length = Syscalls.Read(file, buffer, longest);
        _ = Syscalls.Close(file);
        return length > 0 && int.TryParse(Encoding.ASCII.GetString(buffer, (int)length).Trim(), out var process) ? process : 0;
    }
}

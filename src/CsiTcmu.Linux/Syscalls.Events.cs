using System.Runtime.InteropServices;

namespace CsiTcmu.Linux;

/// <summary>One descriptor that <see cref="Syscalls.Poll"/> looks at (<c>struct pollfd</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollEntry
{
    /// <summary>POLLIN: there is something to read.</summary>
    public const short Readable = 1;

    /// <summary>POLLERR.</summary>
    public const short Error = 8;

    /// <summary>POLLHUP.</summary>
    public const short HungUp = 0x10;

    /// <summary>POLLNVAL: not an open descriptor.</summary>
    public const short Invalid = 0x20;

    /// <summary>The descriptor; a negative one is passed over.</summary>
    public int File;

    /// <summary>POLL* bits asked for.</summary>
    public short Events;

    /// <summary>POLL* bits found.</summary>
    public short Found;
}

public static unsafe partial class Syscalls
{
    /// <summary><c>eventfd(2)</c>, close-on-exec. A semaphore hands out its count one by one; otherwise a read takes all of it.</summary>
    /// <returns>Descriptor or <c>-errno</c>.</returns>
    public static int EventFile(bool semaphore) => Result(eventfd(0, (int)OpenFlags.CloseOnExec | (semaphore ? 1 : 0)));

    /// <summary><c>poll(2)</c>; waits <paramref name="timeoutMilliseconds"/>, -1 without end.</summary>
    /// <returns>How many entries have something in <see cref="PollEntry.Found"/>, or <c>-errno</c>.</returns>
    public static int Poll(PollEntry* entries, int count, int timeoutMilliseconds) =>
        Result(poll(entries, (nuint)count, timeoutMilliseconds));

    [LibraryImport(Libc)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport(Libc)]
    private static partial int poll(PollEntry* entries, nuint count, int timeout);
}

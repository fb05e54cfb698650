namespace CsiTcmu.Linux.Tests;

/// <summary>An eventfd: the smallest thing that becomes readable.</summary>
internal sealed unsafe class EventFile : IDisposable
{
    public EventFile()
    {
        File = Syscalls.EventFile(semaphore: false);
        Assert.True(File >= 0, Syscalls.Describe(File));
    }

    public int File { get; }

    public void Signal()
    {
        ulong one = 1;
        Check(Syscalls.Write(File, &one, 8));
    }

    /// <summary>What has been signalled since the last call; 0 when nothing.</summary>
    public ulong Take()
    {
        var entry = new PollEntry { File = File, Events = PollEntry.Readable };
        if (Syscalls.Poll(&entry, 1, 0) == 0) return 0;
        ulong count;
        Check(Syscalls.Read(File, &count, 8));
        return count;
    }

    public void Dispose() => _ = Syscalls.Close(File);

    // Not an assertion, which would allocate.
    private static void Check(nint result)
    {
        if (result != 8) throw new IOException($"eventfd: {result}");
    }
}

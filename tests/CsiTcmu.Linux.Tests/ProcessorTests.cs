namespace CsiTcmu.Linux.Tests;

/// <summary>On which processors a thread runs.</summary>
public sealed class ProcessorTests
{
    [Fact]
    public void The_processors_are_those_that_the_kernel_tells()
    {
        var list = File.ReadLines("/proc/thread-self/status").Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim().Split(',', '-');
        Assert.Equal(0, Syscalls.Processors(out var first, out var last));
        Assert.Equal((int.Parse(list[0], provider: null), int.Parse(list[^1], provider: null)), (first, last));
    }

    [Fact]
    public void A_thread_runs_where_it_is_told_to()
    {
        Assert.Equal(0, Syscalls.Processors(out _, out var last));
        (int Told, int First, int Last, int Runs) seen = default;
        var thread = new Thread(() =>
        {
            seen.Told = Syscalls.RunOn(last);
            _ = Syscalls.Processors(out seen.First, out seen.Last);
            seen.Runs = Thread.GetCurrentProcessorId();
        });
        thread.Start();
        thread.Join();
        Assert.Equal((0, last, last, last), seen);
    }

    [Fact]
    public void A_processor_that_is_not_there_is_refused() => Assert.Equal(-Errno.InvalidArgument, Syscalls.RunOn(8191));
}

namespace CsiTcmu.Linux.Tests;

/// <summary>Which engine is chosen, and what is said about it.</summary>
public unsafe class IoEnginesTests
{
    [Fact]
    public void Io_uring_is_chosen_where_the_kernel_has_it()
    {
        using var engine = IoEngines.Create(IoEngineChoice.Auto, 16, out var description);
        Assert.Equal("io_uring", engine.Name);
        Assert.StartsWith("io_uring (", description);
    }

    [Fact]
    public void Workers_are_taken_when_asked_for()
    {
        using var engine = IoEngines.Create(IoEngineChoice.Workers, 16, out var description);
        Assert.Equal("workers", engine.Name);
        Assert.EndsWith("as chosen", description);
    }

    [Theory]
    [InlineData(Errno.NotPermitted, "errno 1", "seccomp")]
    [InlineData(Errno.NoSystemCall, "errno 38", "CONFIG_IO_URING")]
    [InlineData(Errno.OutOfMemory, "errno 12", "ulimit -l")]
    public void A_refusal_leads_to_workers_with_the_reason_and_the_remedy(int error, string reason, string remedy)
    {
        using var engine = IoEngines.Create(IoEngineChoice.Auto, 16, (_, _) => -error, out var description);
        Assert.Equal("workers", engine.Name);
        Assert.Contains("io_uring_setup", description);
        Assert.Contains(reason, description);
        Assert.Contains(remedy, description);
        var refusal = Assert.Throws<IoUringRefusedException>(() => IoEngines.Create(IoEngineChoice.IoUring, 16, (_, _) => -error, out _));
        Assert.Equal(error, refusal.Error);
        Assert.Contains(remedy, refusal.Message);
    }

    [Fact]
    public void A_kernel_without_what_is_needed_is_refused_and_nothing_stays_open()
    {
        var before = Directory.GetFiles("/proc/self/fd").Length;
        using (var engine = IoEngines.Create(IoEngineChoice.Auto, 16, WithoutNoDrop, out var description))
        {
            Assert.Equal("workers", engine.Name);
            Assert.Contains("Linux 5.13", description);
        }
        Assert.Equal(before, Directory.GetFiles("/proc/self/fd").Length);

        static int WithoutNoDrop(uint entries, IoUringParameters* parameters)
        {
            var file = Syscalls.IoUringSetup(entries, parameters);
            parameters->Features &= ~IoUringAbi.FeatureNoDrop;
            return file;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(16385)]
    public void A_depth_out_of_range_is_refused(int depth)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => IoEngines.Create(IoEngineChoice.IoUring, depth, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => IoEngines.Create(IoEngineChoice.Workers, depth, out _));
    }
}

namespace CsiTcmu.Linux.Tests;

/// <summary>io_uring set up as this kernel does best.</summary>
public class IoUringEngineTests : IoEngineTests
{
    protected override IIoEngine Create(int queueDepth) => new IoUringEngine(queueDepth);

    [Fact]
    public void Another_thread_than_the_owner_is_refused()
    {
        using var engine = new IoUringEngine(4);
        if (!engine.SetupName.StartsWith("single issuer", StringComparison.Ordinal)) Assert.Skip("The kernel is older than 6.1 and does not check.");
        var owner = new Thread(() => engine.Wait(new IoCompletion[1], 0));
        owner.Start();
        owner.Join();
        Assert.Throws<InvalidOperationException>(() => engine.Wait(new IoCompletion[1], 1000));
    }
}

/// <summary>io_uring as Linux 5.19 and 6.0 set it up.</summary>
public unsafe class IoUringCooperativeEngineTests : IoEngineTests
{
    protected override IIoEngine Create(int queueDepth)
    {
        var engine = new IoUringEngine(queueDepth, (entries, parameters) => (parameters->Flags & IoUringAbi.SetupSingleIssuer) != 0
            ? -Errno.InvalidArgument : Syscalls.IoUringSetup(entries, parameters));
        Assert.Equal("cooperative task work", engine.SetupName);
        return engine;
    }
}

/// <summary>io_uring as Linux 5.13 to 5.17 set it up.</summary>
public unsafe class IoUringPlainEngineTests : IoEngineTests
{
    protected override IIoEngine Create(int queueDepth)
    {
        var engine = new IoUringEngine(queueDepth, (entries, parameters) => (parameters->Flags & IoUringAbi.SetupSubmitAll) != 0
            ? -Errno.InvalidArgument : Syscalls.IoUringSetup(entries, parameters));
        Assert.Equal("plain", engine.SetupName);
        return engine;
    }
}

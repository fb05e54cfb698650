namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A driver whose pool is the RAM disk, for all tests that use it.</summary>
public sealed class DriverFixture : IAsyncLifetime
{
    /// <summary>The running driver.</summary>
    internal DriverProcess Driver { get; } = new(PoolDisk.Root);

    /// <summary>What stands now.</summary>
    internal static IReadOnlyList<string> Now() => KernelState.Take(PoolDisk.Root);

    /// <summary>Mounts the pool and starts the driver.</summary>
    public async ValueTask InitializeAsync()
    {
        await PoolDisk.MountAsync();
        await Driver.StartAsync();
    }

    /// <summary>Ends the driver; the pool stays.</summary>
    public async ValueTask DisposeAsync() => await Driver.DisposeAsync();
}

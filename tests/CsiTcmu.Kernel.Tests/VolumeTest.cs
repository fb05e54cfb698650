using CsiTcmu.Volumes;

namespace CsiTcmu.Kernel.Tests;

/// <summary>What tests of volumes without gRPC have in common: a node in this process, which lives as long as the test.</summary>
public abstract class VolumeTest : IAsyncLifetime
{
    private protected const long Mebibyte = 1L << 20;

    private protected VolumeTest(TcmuDiskOptions? disks = null) => Node = new VolumeNode(disks);

    private protected VolumeNode Node { get; }

    /// <summary>Starts the node.</summary>
    public virtual async ValueTask InitializeAsync() => await Node.StartAsync();

    /// <summary>Takes away what a test that failed has left.</summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Node.DisposeAsync();
    }
}

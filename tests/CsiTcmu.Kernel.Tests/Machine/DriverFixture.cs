namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A pool on the RAM disk (XFS, direct I/O) and a driver that serves it, for the tests of one class.</summary>
public sealed class DriverFixture : IAsyncLifetime
{
    private const string Disk = "/dev/ram0";
    private const string PoolPath = "/var/lib/csi-tcmu-test";

    /// <summary>The running driver.</summary>
    internal DriverProcess Driver { get; } = new(PoolPath);

    /// <summary>What stands now.</summary>
    internal static IReadOnlyList<string> Now() => KernelState.Take(PoolPath);

    /// <summary>Formats and mounts the pool where that has not been done, and starts the driver.</summary>
    public async ValueTask InitializeAsync()
    {
        await MountPoolAsync();
        await Driver.StartAsync();
    }

    /// <summary>Ends the driver; the pool stays for the next class.</summary>
    public async ValueTask DisposeAsync() => await Driver.DisposeAsync();

    /// <summary>The pool's folder, formatted and mounted on first use.</summary>
    internal static async Task<string> MountPoolAsync()
    {
        if (File.ReadLines("/proc/self/mountinfo").Any(line => line.Contains($" {PoolPath} ", StringComparison.Ordinal))) return PoolPath;
        if (!File.Exists(Disk)) throw new InvalidOperationException($"{Disk} is not there; boot with -r 3G, or modprobe brd rd_nr=1 rd_size=3145728");
        await Shell.RunAsync("mkfs.xfs", "-q", "-f", Disk);
        Directory.CreateDirectory(PoolPath);
        await Shell.RunAsync("mount", Disk, PoolPath);
        return PoolPath;
    }
}

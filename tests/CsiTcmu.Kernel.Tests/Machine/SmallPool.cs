namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>
/// A driver with a small pool that a test can fill and break: ext4 on a device of the device mapper, on a loop device, on the RAM disk.
/// </summary>
internal sealed class SmallPool : IAsyncDisposable
{
    private const string Name = "csi-tcmu-small";
    private const string Socket = "/run/csi-tcmu-test/small.sock";
    private readonly string _file;
    private readonly string _loop;
    private readonly long _sectors;

    private SmallPool(string file, string loop, long sectors, string options)
    {
        _file = file;
        _loop = loop;
        _sectors = sectors;
        Driver = new DriverProcess(Folder, socket: Socket, poolName: "small", poolOptions: options);
    }

    /// <summary>Where it is mounted.</summary>
    public static string Folder => $"/var/lib/{Name}";

    /// <summary>The driver.</summary>
    public DriverProcess Driver { get; }

    /// <summary>Makes the pool and starts the driver.</summary>
    /// <param name="megabytes">Size of the file system.</param>
    /// <param name="options">What follows the path in <c>--pool</c>.</param>
    /// <param name="specification">Version of CSI.</param>
    public static async Task<SmallPool> StartAsync(int megabytes, string options, string specification)
    {
        var file = Path.Combine(await PoolDisk.MountAsync(), Name);
        await Shell.RunAsync("truncate", "-s", $"{megabytes}M", file);
        var loop = (await Shell.RunAsync("losetup", "-f", "--show", file)).Trim();
        var pool = new SmallPool(file, loop, megabytes * 2048L, options);
        await MapAsync("create", Name, "--table", pool.Linear);
        await Shell.RunAsync("mkfs.ext4", "-q", "-m", "0", $"/dev/mapper/{Name}");
        Directory.CreateDirectory(Folder);

        // The journal is written when a test asks for it, so that a disk which fails for a moment does not always end the file system.
        await Shell.RunAsync("mount", "-o", "commit=600", $"/dev/mapper/{Name}", Folder);
        await pool.Driver.StartAsync(("CSI_TCMU_CSI_SPEC", specification));
        return pool;
    }

    /// <summary>Lets every read and write of the pool's disk fail.</summary>
    public Task BreakAsync() => ReplaceAsync($"0 {_sectors} error");

    /// <summary>Lets the pool's disk work again.</summary>
    public Task MendAsync() => ReplaceAsync(Linear);

    /// <summary>Ends the driver and removes the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync();
        await Shell.RunAsync("umount", Folder);
        await MapAsync("remove", Name);
        await Shell.RunAsync("losetup", "-d", _loop);
        File.Delete(_file);
        Directory.Delete(Folder);
    }

    private string Linear => $"0 {_sectors} linear {_loop} 0";

    /// <summary>Nobody raises udev's semaphores here; without them dmsetup makes the device nodes itself.</summary>
    private static Task MapAsync(params string[] words) => Shell.RunAsync("env", ["DM_DISABLE_UDEV=1", "dmsetup", .. words]);

    private static async Task ReplaceAsync(string table)
    {
        await MapAsync("suspend", "--noflush", "--nolockfs", Name);
        await MapAsync("load", Name, "--table", table);
        await MapAsync("resume", Name);
    }
}

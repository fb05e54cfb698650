namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A driver for one version of CSI, with a pool of its own on the RAM disk, and a client that others wrote.</summary>
internal sealed class SpecifiedDriver : IAsyncDisposable
{
    private SpecifiedDriver(string specification, string pool)
    {
        Specification = specification;
        var name = "csi-" + specification.Replace('.', '-');
        Process = new DriverProcess(Directory.CreateDirectory(pool).FullName, socket: $"/run/csi-tcmu-test/{name}.sock", poolName: name);
        Client = new ForeignClient(Process.SocketPath);
    }

    /// <summary>The version, as <c>--csi-spec</c> has it.</summary>
    public string Specification { get; }

    /// <summary>The driver.</summary>
    public DriverProcess Process { get; }

    /// <summary>The client.</summary>
    public ForeignClient Client { get; }

    /// <summary>Folder of the pool.</summary>
    public string Pool => Process.Pool;

    /// <summary>Starts both.</summary>
    /// <param name="specification">The version.</param>
    /// <param name="variables">More environment variables of the driver.</param>
    public static async Task<SpecifiedDriver> StartAsync(string specification, params (string Name, string Value)[] variables)
    {
        var driver = new SpecifiedDriver(specification, $"{await PoolDisk.MountAsync()}/csi-{specification}");
        await driver.Process.StartAsync([("CSI_TCMU_CSI_SPEC", specification), .. variables]);
        return driver;
    }

    /// <summary>Ends both and removes the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Process.DisposeAsync();
        Directory.Delete(Pool, recursive: true);
    }
}

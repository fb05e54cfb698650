namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A driver that kills itself at a fault point. Several stand side by side, each with a pool and a volume name of its own.</summary>
internal sealed class FaultLane : IAsyncDisposable
{
    private readonly string _armed;

    /// <summary>A lane whose driver is not started yet.</summary>
    /// <param name="root">Folder that the pool is made in.</param>
    /// <param name="number">Tells lanes apart.</param>
    public FaultLane(string root, int number)
    {
        VolumeName = $"fault-{number}";
        _armed = Path.Combine(Path.GetTempPath(), $"csi-tcmu-{VolumeName}");
        File.Delete(_armed);
        var pool = Directory.CreateDirectory(Path.Combine(root, VolumeName)).FullName;
        Driver = new(pool, "CsiTcmu.FaultDriver.dll", $"/run/csi-tcmu-test/{VolumeName}.sock", VolumeName);
    }

    /// <summary>The driver.</summary>
    public DriverProcess Driver { get; }

    /// <summary>Name for the lane's volume.</summary>
    public string VolumeName { get; }

    /// <summary>Starts the driver, also again. A process that lives for seconds does not optimize itself (after 60000 ms it would).</summary>
    public Task StartAsync() => Driver.StartAsync(("CSI_TCMU_TEST_FAULT_FILE", _armed), ("DOTNET_TC_CallCountingDelayMs", "EA60"), ("DOTNET_EnableWriteXorExecute", "0"));

    /// <summary>Makes the driver end itself by SIGKILL when it next comes to this fault point.</summary>
    public void Arm(string fault) => File.WriteAllText(_armed, fault);

    /// <summary>Ends the driver and removes its pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync();
        Directory.Delete(Driver.Pool, recursive: true);
        File.Delete(_armed);
    }
}

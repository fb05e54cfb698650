namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>A driver that kills itself at a fault point, on the pool of <see cref="DriverFixture"/>.</summary>
public sealed class FaultDriverFixture : IAsyncLifetime
{
    private readonly string _armed = Path.Combine(Path.GetTempPath(), "csi-tcmu-fault-" + Guid.NewGuid().ToString("N"));

    /// <summary>The driver.</summary>
    internal DriverProcess Driver { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Driver = new(await DriverFixture.MountPoolAsync(), "CsiTcmu.FaultDriver.dll");
        await StartAsync();
    }

    /// <summary>Ends the driver; the pool stays for the next class.</summary>
    public async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync();
        File.Delete(_armed);
    }

    /// <summary>Starts it, also again.</summary>
    internal Task StartAsync() => Driver.StartAsync(("CSI_TCMU_TEST_FAULT_FILE", _armed));

    /// <summary>Makes it end itself by SIGKILL when it next comes to this fault point.</summary>
    internal void Arm(string fault) => File.WriteAllText(_armed, fault);
}

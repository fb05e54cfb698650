namespace CsiTcmu.Volumes;

public sealed partial class TcmuDiskAttacher
{
    /// <inheritdoc/>
    public async Task SetLimitsAsync(DiskSpecification disk)
    {
        CheckTakenOver(disk.Id);

        // One that is not served has its limits from the start when it is.
        if (_served.TryGetValue(disk.Id, out var served) && served.Fault is null) await served.SetLimitsAsync(disk.Limits);
    }
}

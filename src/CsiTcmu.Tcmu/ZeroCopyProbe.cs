using System.Globalization;

namespace CsiTcmu.Tcmu;

/// <summary>Finds out whether the kernel's target_core_user has zero copy: by a small device that asks for an area, and what its mailbox says.</summary>
public static class ZeroCopyProbe
{
    /// <summary>Devices of the driver's own HBA are volumes.</summary>
    private const int Hba = 4712;

    /// <summary>Makes the device, looks, and removes it.</summary>
    /// <returns>Why there is no zero copy; null when there is.</returns>
    public static string? FindObstacle(KernelPaths? paths = null)
    {
        // With a name of its own, since another process may ask at the same time.
        var name = string.Create(CultureInfo.InvariantCulture, $"probe-{Environment.ProcessId}");
        var device = new TcmuDevice(Hba, name, paths);
        try
        {
            try
            {
                return Look(name, paths) ? null : "the loaded target_core_user has none; load the one that deploy/kernel builds while no volume is in use";
            }
            finally
            {
                device.Remove();
            }
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException)
        {
            return problem.Message;
        }
    }

    private static unsafe bool Look(string name, KernelPaths? paths)
    {
        var device = TcmuDevice.Create(
            new TcmuDeviceSpecification
            {
                Hba = Hba,
                Name = name,
                Config = "csi-tcmu/probe",
                Size = 1 << 20,
                BlockSize = 512,
                Serial = "probe",
                DataAreaMegabytes = 1,
                ZeroCopyMegabytes = 1,
            },
            paths);
        using var uio = device.Open();
        return new CommandRing(uio.Map, uio.Length).ZeroCopyLength > 0;
    }
}

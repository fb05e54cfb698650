using System.Globalization;

namespace CsiTcmu.Tcmu;

/// <summary>Finds out whether the kernel's target_core_user has zero copy: by a small device that asks for an area, and what its mailbox says.</summary>
public static class ZeroCopyProbe
{
    /// <summary>Devices of the driver's own HBA are volumes.</summary>
    private const int Hba = 4712;
    private const string Prefix = "probe-";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static string Name => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}");

    /// <summary>Makes the device, looks, and removes it, and with it those of processes that were killed while they looked.</summary>
    /// <returns>Why there is no zero copy; null when there is.</returns>
    public static string? FindObstacle(KernelPaths? paths = null) => FindObstacle(paths ?? KernelPaths.Default, Patience);

    /// <summary>As <see cref="FindObstacle(KernelPaths?)"/>, with another patience with a process that looks at the same time.</summary>
    internal static string? FindObstacle(KernelPaths paths, TimeSpan patience)
    {
        using var turn = ProbeTurn.Take(paths, patience);
        if (turn is null) return "another process has been looking for it all the time";
        Sweep(paths);
        try
        {
            try
            {
                return Look(paths) ? null : "the loaded target_core_user has none; load the one that deploy/kernel builds while no volume is in use";
            }
            finally
            {
                new TcmuDevice(Hba, Name, paths).Remove();
            }
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException)
        {
            return problem.Message;
        }
    }

    /// <summary>Removes what processes left behind that were killed while they looked, where nobody looks now. With nothing there it is one look at a folder.</summary>
    public static void RemoveLeftovers(KernelPaths? paths = null)
    {
        paths ??= KernelPaths.Default;
        if (!Directory.Exists(TcmuDevice.HbaFolderOf(Hba, paths))) return;
        using var turn = ProbeTurn.Take(paths, TimeSpan.Zero);
        if (turn is not null) Sweep(paths);
    }

    private static void Sweep(KernelPaths paths)
    {
        // Our own is not there; with it goes an HBA that was left without devices.
        foreach (var device in TcmuDevice.List(Hba, paths).Where(device => device.Name.StartsWith(Prefix, StringComparison.Ordinal)).Append(new TcmuDevice(Hba, Name, paths)))
        {
            try
            {
                device.Remove();
            }
            catch (TargetException)
            {
                // Somebody has made use of it. It stays, and is in nobody's way.
            }
        }
    }

    private static unsafe bool Look(KernelPaths paths)
    {
        var device = TcmuDevice.Create(
            new TcmuDeviceSpecification
            {
                Hba = Hba,
                Name = Name,
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

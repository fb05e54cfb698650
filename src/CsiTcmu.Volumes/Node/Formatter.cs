using CsiTcmu.Linux;
using CsiTcmu.Linux.Tools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Node;

/// <summary>
/// Makes a volume's file system, once in its life, and never over anything.
/// </summary>
/// <remarks>
/// Only a blank device is formatted: no signature of any kind, and zeroes at both ends. A crash in the middle of mkfs leaves a part of a file system,
/// which looks like data; therefore the descriptor remembers:
/// <list type="number">
/// <item>the descriptor is set to <c>Formatting</c>, durably;</item>
/// <item>mkfs runs, the device is synced;</item>
/// <item>the descriptor is set to <c>Formatted</c>, durably;</item>
/// <item>only now the device is mounted.</item>
/// </list>
/// Whoever finds <c>Formatting</c> knows that nothing was ever mounted and runs mkfs again over what is there. Whoever finds
/// <c>Formatted</c> and a blank device knows that data was lost and does not touch it.
/// </remarks>
internal static class Formatter
{
    /// <summary>Sees that the volume's file system is on the disk.</summary>
    public static async Task PrepareAsync(StoredVolume volume, AttachedDisk disk, ILogger logger)
    {
        var descriptor = volume.Descriptor;
        if (descriptor.Format != FormatState.Formatting)
        {
            var content = await FileSystemTools.ProbeAsync(disk.Path);
            if (string.Equals(content.FileSystem, descriptor.FileSystem, StringComparison.Ordinal)) return;
            if (!content.Blank)
                throw Refuse(volume, disk, $"holds {content.Description}, not {descriptor.FileSystem}; nothing is overwritten");
            if (descriptor.Format == FormatState.Formatted)
                throw Refuse(volume, disk, $"is blank although it was formatted with {descriptor.FileSystem}: its data was lost or its image replaced; put a copy of the image back");
        }

        await MakeAsync(volume, disk, logger);
    }

    private static async Task MakeAsync(StoredVolume volume, AttachedDisk disk, ILogger logger)
    {
        var descriptor = volume.Descriptor;
        await CheckUnusedAsync(disk.Path);
        volume = VolumeCatalogue.Replace(volume, descriptor with { Format = FormatState.Formatting });
        FaultPoints.Reach(FaultPoints.StageFormatting);
        try
        {
            await FileSystemTools.MakeAsync(descriptor.FileSystem, disk.Path, MkfsOptions.Parse(descriptor.MkfsOptions, descriptor.FileSystem));
        }
        catch (IOException cause)
        {
            throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{volume.Id}': {cause.Message}", cause);
        }

        SystemCallException.Check(await OutOfProcess.SyncAsync(disk.Path), $"{disk.Path} cannot be made durable");
        FaultPoints.Reach(FaultPoints.StageMade);
        VolumeCatalogue.Replace(volume, descriptor with { Format = FormatState.Formatted });
        FaultPoints.Reach(FaultPoints.StageFormatted);
        logger.LogInformation("Volume {Id} is formatted with {FileSystem} on {Disk}", volume.Id, descriptor.FileSystem, disk.Path);
    }

    /// <summary>A mkfs that outlived its driver holds the device exclusively, and so does a mount.</summary>
    private static async Task CheckUnusedAsync(string device)
    {
        var result = await OutOfProcess.OpenExclusivelyAsync(device);
        if (result == -Errno.Busy) throw new VolumeException(VolumeError.Aborted, $"{device} is in use, perhaps by a mkfs that an earlier process started; try again when it has ended");
        SystemCallException.Check(result, $"{device} cannot be opened");
    }

    private static VolumeException Refuse(StoredVolume volume, AttachedDisk disk, string what) =>
        new(VolumeError.FailedPrecondition, $"volume '{volume.Id}': {disk.Path} {what}");
}

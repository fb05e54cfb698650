using CsiTcmu.Linux;
using CsiTcmu.Linux.Tools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Node;

/// <summary>
/// Makes what a volume has on its disk, once in its life, and never over anything: a file system, for an encrypted volume a LUKS header
/// and the file system in it, for encrypted raw block the header alone.
/// </summary>
/// <remarks>
/// Only a blank device is formatted: no signature of any kind, and zeroes at both ends. A crash in the middle of mkfs leaves a part of a file system,
/// which looks like data; therefore the descriptor remembers:
/// <list type="number">
/// <item>the descriptor is set to <c>Formatting</c>, durably;</item>
/// <item>the header is made and opened, mkfs runs, the device is synced;</item>
/// <item>the descriptor is set to <c>Formatted</c>, durably;</item>
/// <item>only now the device is mounted or published.</item>
/// </list>
/// Whoever finds <c>Formatting</c> knows that nothing was ever stored and begins again over what is there, with the passphrase of this call. Whoever finds
/// <c>Formatted</c> and a blank device knows that data was lost and does not touch it. What is in a mapping that was not formatted yet is never looked at:
/// zeroes of the disk are noise there.
/// </remarks>
internal static class Formatter
{
    /// <summary>Sees that what the volume needs is on the disk.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="disk">Its disk.</param>
    /// <param name="passphrase">Passphrase of an encrypted volume; else empty.</param>
    /// <param name="logger">Receives what is worth telling.</param>
    /// <returns>What is mounted or published: the disk, or the mapping of an encrypted volume.</returns>
    /// <exception cref="VolumeException">Unauthenticated: the passphrase is another one.</exception>
    public static async Task<AttachedDisk> PrepareAsync(StoredVolume volume, AttachedDisk disk, VolumePassphrase passphrase, ILogger logger)
    {
        var descriptor = volume.Descriptor;
        if (descriptor.Format != FormatState.Formatting)
        {
            var content = await FileSystemTools.ProbeAsync(disk.Path);
            var encrypted = volume.Encryption.Enabled;
            var expected = encrypted ? DeviceContent.Luks : descriptor.FileSystem;
            if (encrypted && content.Encrypted) return await OpenAsync(volume, disk, passphrase);
            if (!encrypted && string.Equals(content.FileSystem, expected, StringComparison.Ordinal)) return disk;
            if (!content.Blank)
                throw Refuse(volume, disk, $"holds {content.Description}, not {expected}; nothing is overwritten");
            if (descriptor.Format == FormatState.Formatted)
                throw Refuse(volume, disk, $"is blank although it was formatted with {expected}: its data was lost or its image replaced; put a copy of the image back");
        }

        return await MakeAsync(volume, disk, passphrase, logger);
    }

    private static async Task<AttachedDisk> OpenAsync(StoredVolume volume, AttachedDisk disk, VolumePassphrase passphrase)
    {
        var mapping = await Encryption.OpenAsync(volume, disk, passphrase);
        FaultPoints.Reach(FaultPoints.StageMapped);
        if (volume.Descriptor.Block) return mapping;
        var content = await FileSystemTools.ProbeAsync(mapping.Path);
        return string.Equals(content.FileSystem, volume.Descriptor.FileSystem, StringComparison.Ordinal)
            ? mapping
            : throw Refuse(volume, mapping, $"holds {content.Description}, not {volume.Descriptor.FileSystem}; nothing is overwritten");
    }

    private static async Task<AttachedDisk> MakeAsync(StoredVolume volume, AttachedDisk disk, VolumePassphrase passphrase, ILogger logger)
    {
        var descriptor = volume.Descriptor;
        if (Encryption.Find(volume.Id, disk) is { } unfinished)
        {
            await CheckUnusedAsync(unfinished.Path);
            await Encryption.CloseAsync(volume.Id);
        }

        await CheckUnusedAsync(disk.Path);
        volume = VolumeCatalogue.Replace(volume, descriptor with { Format = FormatState.Formatting });
        FaultPoints.Reach(FaultPoints.StageFormatting);
        var device = disk;
        try
        {
            if (volume.Encryption.Enabled) device = await EncryptAsync(volume, disk, passphrase);
            if (!descriptor.Block)
                await FileSystemTools.MakeAsync(descriptor.FileSystem, device.Path, MkfsOptions.Parse(descriptor.MkfsOptions, descriptor.FileSystem));
        }
        catch (IOException cause)
        {
            throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{volume.Id}': {cause.Message}", cause);
        }

        SystemCallException.Check(await OutOfProcess.SyncAsync(device.Path), $"{device.Path} cannot be made durable");
        FaultPoints.Reach(FaultPoints.StageMade);
        VolumeCatalogue.Replace(volume, descriptor with { Format = FormatState.Formatted });
        FaultPoints.Reach(FaultPoints.StageFormatted);
        logger.LogInformation(
            "Volume {Id} is formatted with {Content} on {Disk}",
            volume.Id,
            !volume.Encryption.Enabled ? descriptor.FileSystem : descriptor.Block ? "LUKS2" : $"{descriptor.FileSystem} in LUKS2",
            disk.Path);
        return device;
    }

    private static async Task<AttachedDisk> EncryptAsync(StoredVolume volume, AttachedDisk disk, VolumePassphrase passphrase)
    {
        var result = await EncryptionTools.FormatAsync(disk.Path, passphrase.Text, volume.Encryption.KeyMemory, volume.Descriptor.BlockSize);
        if (result != EncryptionResult.Done) throw InUse(disk.Path, "cryptsetup");
        SystemCallException.Check(await OutOfProcess.SyncAsync(disk.Path), $"{disk.Path} cannot be made durable");
        FaultPoints.Reach(FaultPoints.StageEncrypted);
        var mapping = await Encryption.OpenAsync(volume, disk, passphrase);
        FaultPoints.Reach(FaultPoints.StageMapped);
        return mapping;
    }

    /// <summary>A mkfs that outlived its driver holds the device exclusively, and so does a mount.</summary>
    private static async Task CheckUnusedAsync(string device)
    {
        var result = await OutOfProcess.OpenExclusivelyAsync(device);
        if (result == -Errno.Busy) throw InUse(device, "mkfs");
        SystemCallException.Check(result, $"{device} cannot be opened");
    }

    private static VolumeException InUse(string device, string program) =>
        new(VolumeError.Aborted, $"{device} is in use, perhaps by a {program} that an earlier process started; try again when it has ended");

    private static VolumeException Refuse(StoredVolume volume, AttachedDisk disk, string what) =>
        new(VolumeError.FailedPrecondition, $"volume '{volume.Id}': {disk.Path} {what}");
}

using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    /// <inheritdoc/>
    public async Task<long> ExpandAsync(string id, string volumePath, SizeRange size, VolumeSecrets secrets, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        await RunAsync("node expansion", id, volumePath, async () => bytes = await ExpandCoreAsync(id, volumePath, size, secrets), cancellationToken);
        return bytes;
    }

    private async Task<long> ExpandCoreAsync(string id, string volumePath, SizeRange range, VolumeSecrets secrets)
    {
        VolumeSizes.Check(range);
        var volume = catalogue.Require(id);
        var (device, mount) = Locate(id, volumePath) ?? throw NotAt(id, volumePath);
        if (!VolumeSizes.Satisfies(volume.Descriptor.Size, range))
        {
            throw new VolumeException(
                VolumeError.OutOfRange,
                $"volume '{id}' has {volume.Descriptor.Size} bytes, which is not the size asked for; expand it by the controller service first");
        }

        await attacher.GrowAsync(volume.ToDisk());
        if (volume.Encryption.Enabled && attacher.Find(id) is { } disk) await Encryption.GrowAsync(volume, disk, secrets);
        if (mount is not null)
        {
            // A read-only bind mount cannot be grown through; the staging mount can.
            var writable = MountTable.Read().Of(device.Number).FirstOrDefault(entry => entry.Root == "/" && !entry.Flags.HasFlag(CsiTcmu.Linux.MountFlags.ReadOnly))
                ?? throw Failed($"volume '{id}' is mounted read-only; a file system grows only while it is mounted writable");
            await FileSystemTools.GrowAsync(mount.FileSystem, device.Path, writable.Target);
        }

        FaultPoints.Reach(FaultPoints.ExpandFileSystem);
        return volume.Descriptor.Size;
    }
}

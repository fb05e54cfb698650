using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Linux.Tools;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    /// <inheritdoc/>
    public Task StageAsync(string id, string stagingPath, VolumeUse use, CancellationToken cancellationToken) =>
        RunAsync("staging", id, stagingPath, () => StageVolumeAsync(catalogue.Require(id), stagingPath, use, VolumeSecrets.StageReference), cancellationToken);

    private async Task StageVolumeAsync(StoredVolume volume, string stagingPath, VolumeUse use, string secretReference)
    {
        var id = volume.Id;
        var options = CheckUse(volume.Descriptor, use);
        var passphrase = volume.Encryption.Enabled ? use.Secrets.Passphrase(id, secretReference) : "";
        var path = HostPath.Folder(stagingPath).Path;
        await UnmountStaleAsync(path);

        var table = MountTable.Read();
        var top = table.Top(path);
        var before = FindDevice(id);
        if (before is not null) CheckElsewhere(volume.Descriptor, use, table, before, path);
        if (top is not null) CheckStaged(volume.Descriptor, use, options, before, top);

        // Also when everything seems done: the disk must be served and have its size.
        var disk = await attacher.AttachAsync(volume.ToDisk());
        FaultPoints.Reach(FaultPoints.StageDisk);
        if (top is not null)
        {
            await GrowCopyAsync(volume, FindDevice(id) ?? disk, top);
            return;
        }

        if (use.Block && !volume.Encryption.Enabled) return;
        CheckHolders(id, disk);
        AttachedDisk device;
        try
        {
            device = await Formatter.PrepareAsync(volume, disk, new VolumePassphrase(passphrase, secretReference), logger);
            if (use.Block) return;
            await MountAsync(volume.Descriptor, device, path, options);
        }
        catch (VolumeException refusal) when (refusal.Error == VolumeError.Unauthenticated && before is null)
        {
            // The caller may take the volume for not staged and never unstage it.
            await attacher.DetachAsync(id, volume.ToDisk());
            throw;
        }

        FaultPoints.Reach(FaultPoints.StageMounted);
        if (volume.Descriptor.GrowAtStage) await GrowCopyAsync(catalogue.Require(id), device, MountTable.Read().Top(path));
    }

    /// <summary>The file system of a volume that was made from a smaller one is made as large as the volume, once it is mounted writable.</summary>
    private static async Task GrowCopyAsync(StoredVolume volume, AttachedDisk device, MountEntry? mount)
    {
        if (!volume.Descriptor.GrowAtStage || mount is null || mount.Flags.HasFlag(CsiTcmu.Linux.MountFlags.ReadOnly)) return;
        await FileSystemTools.GrowAsync(mount.FileSystem, device.Path, mount.Target);
        FaultPoints.Reach(FaultPoints.StageGrown);
        VolumeCatalogue.Replace(volume, volume.Descriptor with { GrowAtStage = false });
    }

    /// <summary>Refuses a disk that somebody has stacked something on. The mapping of an encrypted volume is its own.</summary>
    private static void CheckHolders(string id, AttachedDisk disk)
    {
        var holders = BlockDevice.Find(disk.Name)?.Holders.Where(name => name != Encryption.Find(id, disk)?.Name).ToList();
        if (holders is { Count: > 0 })
            throw Failed($"{disk.Path} of volume '{id}' is held by {string.Join(", ", holders)}; keep LVM, MD and multipath off the disks of this driver");
    }

    /// <summary>Refuses a use that the volume is not for.</summary>
    private static MountOptions CheckUse(VolumeDescriptor descriptor, VolumeUse use)
    {
        if (descriptor.Block != use.Block)
            throw Failed($"volume '{descriptor.Id}' was made for {(descriptor.Block ? "raw block" : "a file system")}, {(use.Block ? "raw block" : "a file system")} is asked for");
        if (!use.Block && use.FileSystem.Length > 0 && !string.Equals(use.FileSystem, descriptor.FileSystem, StringComparison.Ordinal))
            throw Failed($"volume '{descriptor.Id}' is for {descriptor.FileSystem}, {use.FileSystem} is asked for");
        return ParseOptions(use);
    }

    private static MountOptions ParseOptions(VolumeUse use)
    {
        try
        {
            return MountOptions.Parse(use.MountFlags);
        }
        catch (FormatException cause)
        {
            throw new VolumeException(VolumeError.InvalidArgument, cause.Message, cause);
        }
    }

    /// <summary>Refuses a disk that is staged at another path or in another way.</summary>
    private static void CheckElsewhere(VolumeDescriptor descriptor, VolumeUse use, MountTable table, AttachedDisk disk, string path)
    {
        if (!use.Block && BlockPublishes(table, disk) is { Count: > 0 } nodes)
            throw new VolumeException(VolumeError.AlreadyExists, $"volume '{descriptor.Id}' is in use as raw block at {nodes[0].Target}");
        var mounts = table.Of(disk.Number);
        if (mounts.Count > 0 && mounts.All(entry => entry.Target != path))
            throw Failed($"volume '{descriptor.Id}' is mounted at {mounts[0].Target}; unstage it there first");
    }

    /// <summary>Refuses what is mounted at the staging path unless it is this volume in this use.</summary>
    private static void CheckStaged(VolumeDescriptor descriptor, VolumeUse use, MountOptions options, AttachedDisk? disk, MountEntry top)
    {
        if (disk is null || top.Disk != disk.Number || top.Root != "/")
            throw Failed($"{top.Target} has something else mounted ({top.FileSystem} from {top.Source}); unmount it, or use another staging path");
        if (use.Block) throw new VolumeException(VolumeError.AlreadyExists, $"volume '{descriptor.Id}' is staged with a file system");
        if (Difference(options, top) is { } difference)
            throw new VolumeException(VolumeError.AlreadyExists, $"volume '{descriptor.Id}' is staged at {top.Target} with other mount options: {difference}");
    }

    /// <summary>How a mount differs from what is asked for; null when it does not.</summary>
    private static string? Difference(MountOptions asked, MountEntry mounted)
    {
        if (mounted.Flags != asked.Effective) return mounted.Options;

        // A file system that the kernel made read-only after an error is still the one that was asked for.
        const MountFlags compared = MountOptions.PerFileSystem & ~MountFlags.ReadOnly;
        if ((mounted.SuperFlags & compared) != (asked.Flags & compared)) return mounted.SuperOptions;

        // Of its own options a file system prints what it likes: an option is another one only if the kernel says so.
        var printed = mounted.SuperOptions.Split(',');
        var wanted = asked.Data.Split(',');
        if (printed.Contains("discard", StringComparer.Ordinal) != wanted.Contains("discard", StringComparer.Ordinal)) return mounted.SuperOptions;
        return wanted.Any(option => option.IndexOf('=', StringComparison.Ordinal) is > 0 and var cut
                && printed.Any(other => other.StartsWith(option[..(cut + 1)], StringComparison.Ordinal) && other != option))
            ? mounted.SuperOptions
            : null;
    }

    private static async Task MountAsync(VolumeDescriptor descriptor, AttachedDisk disk, string path, MountOptions options)
    {
        // The copy of an xfs has the UUID of its source, which may be mounted as well.
        if (descriptor.Source is not null && string.Equals(descriptor.FileSystem, "xfs", StringComparison.Ordinal)) options = options.With("nouuid");
        if (await OutOfProcess.MountAsync(disk.Path, path, descriptor.FileSystem, options) is { } refusal)
        {
            throw Failed(
                $"the {descriptor.FileSystem} of volume '{descriptor.Id}' on {disk.Path} cannot be mounted at {path}: {refusal}; the kernel's log says why (dmesg), mount options are a common cause");
        }

        if (MountTable.Read().Top(path) is not { } top || top.Disk != disk.Number)
            throw new VolumeException(VolumeError.Unavailable, $"{path} is mounted and yet does not show {disk.Path}; another mount came in between");
    }
}

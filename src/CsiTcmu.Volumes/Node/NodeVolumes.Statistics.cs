using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    private readonly Questions _questions = new(TimeSpan.FromSeconds(5));

    /// <inheritdoc/>
    public Task<VolumeStatistics> GetStatisticsAsync(string id, string volumePath, CancellationToken cancellationToken)
    {
        if (VolumeId.IsStored(id) && !VolumeId.IsValid(id)) throw VolumeId.NotFound(id);
        return _questions.AskAsync($"volume '{id}'", () => Measure(OwnId(id), volumePath), cancellationToken);
    }

    private VolumeStatistics Measure(string id, string volumePath)
    {
        catalogue.RequireStored(id);
        var (disk, mount) = Locate(id, volumePath) ?? throw NotAt(id, volumePath);
        if (mount is null)
        {
            var size = BlockDevice.Find(disk.Name)?.Size ?? throw NotAt(id, volumePath);
            return new VolumeStatistics(size, 0, 0, 0, 0, 0, Block: true);
        }

        SystemCallException.Check(Syscalls.FileSystem(mount.Target, out var status), $"{mount.Target} cannot be measured");
        return new VolumeStatistics(
            status.TotalBytes,
            status.TotalBytes - status.FreeBytes,
            status.AvailableBytes,
            status.TotalInodes,
            status.TotalInodes - status.FreeInodes,
            status.FreeInodes,
            Block: false);
    }

    /// <summary>The volume's device and, for a file system, its mount at that path; null when the volume is not there.</summary>
    private (AttachedDisk Disk, MountEntry? Mount)? Locate(string id, string volumePath)
    {
        HostPath? path;
        try
        {
            path = HostPath.Find(volumePath);
        }
        catch (VolumeException)
        {
            return null;
        }

        if (path?.Status is null || FindDevice(id) is not { } disk) return null;
        if (MountTable.Read().Top(path.Path) is { } top && top.Disk == disk.Number) return (disk, top);
        if (IsNodeAt(path.Path, disk)) return (disk, null);

        // Nothing is mounted where a raw block volume is staged.
        return path.Status is { Kind: FileKind.Directory } && catalogue.RequireStored(id).Descriptor.Block ? (disk, null) : null;
    }

    private static VolumeException NotAt(string id, string path) =>
        new(VolumeError.NotFound, $"volume '{id}' is not at {(path.Length > 200 ? path[..200] + "…" : path)}");
}

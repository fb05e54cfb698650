using System.Collections.Concurrent;
using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    private static readonly TimeSpan StatisticsPatience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, byte> _asked = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<VolumeStatistics> GetStatisticsAsync(string id, string volumePath, CancellationToken cancellationToken)
    {
        if (VolumeId.IsStored(id) && !VolumeId.IsValid(id)) throw VolumeId.NotFound(id);

        // A disk that does not answer keeps one thread of this process, not one more with each question.
        if (!_asked.TryAdd(id, 0)) throw new VolumeException(VolumeError.Unavailable, $"volume '{id}' has not answered the last question for its use yet");
        var answer = Task.Run(
            () =>
            {
                try
                {
                    return Measure(OwnId(id), volumePath);
                }
                finally
                {
                    _asked.TryRemove(id, out _);
                }
            },
            CancellationToken.None);
        try
        {
            return await answer.WaitAsync(StatisticsPatience, cancellationToken);
        }
        catch (TimeoutException cause)
        {
            throw new VolumeException(VolumeError.Unavailable, $"volume '{id}' does not answer; its disk or the pool's may be stuck", cause);
        }
        catch (IOException cause)
        {
            throw new VolumeException(VolumeError.Unavailable, $"volume '{id}' cannot be measured: {cause.Message}", cause);
        }
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

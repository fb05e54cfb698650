using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    /// <inheritdoc/>
    public Task UnpublishAsync(string id, string targetPath, CancellationToken cancellationToken) =>
        RunAsync(
            "unpublishing",
            id,
            targetPath,
            () => IsEphemeral(id)
                ? UnpublishEphemeralAsync(VolumeId.OfEphemeral(id), targetPath)
                : UnpublishVolumeAsync(VolumeId.IsValid(id) ? FindDevice(id) : null, targetPath),
            cancellationToken);

    private async Task UnpublishVolumeAsync(AttachedDisk? disk, string targetPath)
    {
        // The volume need not exist: a target that is not there any more is what was asked for.
        if (HostPath.Find(targetPath) is not { Status: not null } target) return;
        while (MountTable.Read().Top(target.Path) is { } top)
        {
            if (!IsStale(top) && (disk is null || (top.Disk != disk.Number && !IsNodeOf(top, disk))))
                throw Failed($"{target.Path} has something else mounted ({top.FileSystem} from {top.Source}) than the volume; it is left alone");
            await UnmountAsync(target.Path, top);
        }

        FaultPoints.Reach(FaultPoints.UnpublishUnmounted);
        RemoveTarget(target.Path);
    }

    private static void RemoveTarget(string path)
    {
        if (Syscalls.Status(path, out var status) < 0) return;
        var result = status switch
        {
            { Kind: FileKind.Directory } => Syscalls.RemoveDirectory(path),
            { Kind: FileKind.Regular, Size: 0 } => Syscalls.Unlink(path),
            _ => -Errno.NotEmpty,
        };
        if (result < 0 && result != -Errno.NoEntry)
        {
            throw Failed(
                result == -Errno.NotEmpty
                    ? $"{path} is not mounted and not empty: something was written beside the volume; save it and remove it"
                    : $"{path} cannot be removed: {Syscalls.Describe(result)}");
        }
    }
}

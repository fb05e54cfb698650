using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    /// <inheritdoc/>
    public Task UnstageAsync(string id, string stagingPath, CancellationToken cancellationToken) =>
        RunAsync("unstaging", id, stagingPath, () => UnstageCoreAsync(id, stagingPath), cancellationToken);

    private Task UnstageCoreAsync(string id, string stagingPath)
    {
        var path = HostPath.Find(stagingPath)?.Path;
        return VolumeId.IsValid(id) ? UnstageVolumeAsync(id, path) : Task.CompletedTask;
    }

    private async Task UnstageVolumeAsync(string id, string? path)
    {
        if (path is not null) await UnmountStaleAsync(path);
        if (attacher.Find(id) is { } disk)
        {
            await attacher.EnsureServedAsync(id, DiskOf(id));
            await ThawLeftAsync(id);
            if (IsEncrypted(id)) await Encryption.SettleAsync(id, disk);
            if (Encryption.Find(id, disk) is { } mapping)
            {
                await ReleaseAsync(id, path, mapping);
                await Encryption.CloseAsync(id);
                FaultPoints.Reach(FaultPoints.UnstageClosed);
            }

            await ReleaseAsync(id, path, disk);
        }
        else if (path is not null && MountTable.Read().Top(path) is { } foreign)
        {
            throw Failed($"{path} has something else mounted ({foreign.FileSystem} from {foreign.Source}) than volume '{id}', which is not attached");
        }

        FaultPoints.Reach(FaultPoints.UnstageUnmounted);
        await Encryption.CloseAsync(id); // One whose disk is gone.
        await attacher.DetachAsync(id, DiskOf(id));
    }

    /// <summary>Unmounts the staging path, after seeing that nobody else uses the device.</summary>
    private static async Task ReleaseAsync(string id, string? path, AttachedDisk disk)
    {
        var table = MountTable.Read();
        var others = table.Of(disk.Number).Where(entry => entry.Target != path).Concat(BlockPublishes(table, disk)).Select(entry => entry.Target).ToList();
        if (others.Count > 0) throw Failed($"volume '{id}' is still mounted at {string.Join(", ", others)}; unpublish it there first");
        while (path is not null && MountTable.Read().Top(path) is { } top)
        {
            if (top.Disk != disk.Number) throw Failed($"{path} has something else mounted ({top.FileSystem} from {top.Source}) than volume '{id}'");
            await UnmountAsync(path, top);
        }

        if (BlockDevice.Find(disk.Name)?.Holders is { Count: > 0 } holders)
            throw Failed($"{disk.Path} of volume '{id}' is held by {string.Join(", ", holders)}; release it there first");
    }

    private bool IsEncrypted(string id) => TryFind(id)?.Encryption.Enabled == true;

    /// <summary>What a volume's disk is made from; null when its descriptor cannot tell.</summary>
    private DiskSpecification? DiskOf(string id) => TryFind(id)?.ToDisk();

    private StoredVolume? TryFind(string id)
    {
        try
        {
            return catalogue.Find(id);
        }
        catch (VolumeException)
        {
            return null;
        }
    }
}

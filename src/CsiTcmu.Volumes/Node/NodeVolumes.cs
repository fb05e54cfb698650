using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;
using CsiTcmu.Linux.Tools;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes.Node;

/// <summary>
/// Volumes as disks, mounts and bind mounts of this node. What is staged and published is read from the kernel (configfs, sysfs,
/// mountinfo) at each call; there is no other book-keeping, so nothing can disagree with it after a crash.
/// </summary>
/// <param name="nodeId">This node's id.</param>
/// <param name="catalogue">The volumes.</param>
/// <param name="attacher">What makes disks of them.</param>
/// <param name="logger">Receives what is worth telling.</param>
public sealed partial class NodeVolumes(string nodeId, VolumeCatalogue catalogue, IDiskAttacher attacher, ILogger logger) : INodeVolumes
{
    private const string DeviceFileSystem = "devtmpfs";
    private const string DeletedNode = "//deleted"; // fs/d_path.c marks an unlinked bind source so
    private static readonly TimeSpan OperationsPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ThawPatience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string NodeId { get; } = nodeId;

    /// <inheritdoc/>
    public int MaximumVolumes { get; init; }

    /// <summary>
    /// Goes on with the I/O of every disk that an earlier process left. To be called before anything else; failures are logged and keep
    /// nothing else from going on.
    /// </summary>
    public async Task<IReadOnlyList<TakenOver>> TakeOverAsync()
    {
        var all = await attacher.TakeOverAsync((pool, id) =>
        {
            if (!catalogue.HasPool(pool)) return null;
            var volume = catalogue.RequireStored(id);
            return string.Equals(volume.Pool.Name, pool, StringComparison.Ordinal)
                ? volume.ToDisk()
                : throw new VolumeException(VolumeError.FailedPrecondition, $"volume '{id}' is in pool '{volume.Pool.Name}', not in '{pool}'");
        });
        foreach (var one in all)
        {
            if (one.Problem is not null) logger.LogError("Volume {Id} of pool {Pool} is not served: {Problem}", one.Id, one.Pool, one.Problem);
            else if (one.Disk is null) logger.LogInformation("Removed the half-made device of volume {Id}", one.Id);
            else logger.LogInformation("Volume {Id} goes on as {Disk}", one.Id, one.Disk.Path);
            if (one.Disk is not null) await ThawLeftAsync(one.Id);
        }

        foreach (var volume in FindUnpublished())
        {
            logger.LogInformation(
                "Ephemeral volume {Name} is in pool {Pool} as {Id} and mounted nowhere; if its pod is gone for good, NodeUnpublishVolume with volume_id {VolumeId} and any target_path removes it",
                volume.Descriptor.Name,
                volume.Pool.Name,
                volume.Id,
                volume.Descriptor.Name);
        }

        return all;
    }

    /// <summary>Thaws a file system that a process froze for a snapshot and died. Does not keep the start.</summary>
    private async Task ThawLeftAsync(string id)
    {
        try
        {
            if (catalogue.Find(id) is { } volume) await catalogue.Freezes.ThawLeftAsync(volume).WaitAsync(ThawPatience);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("The file system of volume {Id} is still being thawed", id);
        }
        catch (Exception problem) when (problem is VolumeException or IOException)
        {
            logger.LogWarning("Whether the file system of volume {Id} was left frozen cannot be seen: {Problem}", id, problem.Message);
        }
    }

    /// <summary>Ends: no new operation begins, those under way are given a while, then all I/O waits for the next process.</summary>
    public async Task StopAsync()
    {
        await catalogue.Operations.CloseAsync(OperationsPatience);
        await attacher.StopAsync();
    }

    private Task RunAsync(string name, string id, string path, Func<Task> work, CancellationToken cancellationToken) =>
        catalogue.Operations.RunAsync(
            name,
            [Operations.VolumeKey(VolumeId.IsValid(id) ? id : ""), Operations.VolumeKey(VolumeId.OfEphemeral(id)), Operations.PathKey(path.TrimEnd('/'))],
            work,
            cancellationToken);

    /// <summary>What of a volume is mounted or published: its disk, or the mapping over it; null when it has no disk.</summary>
    private AttachedDisk? FindDevice(string id) => attacher.Find(id) is { } disk ? Encryption.Find(id, disk) ?? disk : null;

    /// <summary>Every place where the node of a disk is bound onto a file: raw block publishes.</summary>
    private static List<MountEntry> BlockPublishes(MountTable table, AttachedDisk disk) =>
        [.. table.Entries.Where(entry => IsNodeOf(entry, disk))];

    private static bool IsNodeOf(MountEntry entry, AttachedDisk disk) =>
        string.Equals(entry.FileSystem, DeviceFileSystem, StringComparison.Ordinal)
        && string.Equals(entry.Root, "/" + disk.Name, StringComparison.Ordinal)
        && IsNodeAt(entry.Target, disk);

    private static bool IsNodeAt(string path, AttachedDisk disk) =>
        Syscalls.Status(path, out var status) == 0 && status.Kind == FileKind.BlockDevice && status.Device == disk.Number;

    /// <summary>True for a mount whose disk is gone: nothing can be read from it or written to it any more.</summary>
    private static bool IsStale(MountEntry entry) =>
        entry.Disk.Major != 0
            ? BlockDevice.Find(entry.Disk) is not { } device || Encryption.IsStale(device)
            : entry.IsBtrfs
                || (string.Equals(entry.FileSystem, DeviceFileSystem, StringComparison.Ordinal) && entry.Root.EndsWith(DeletedNode, StringComparison.Ordinal));

    /// <summary>Unmounts what a disk that is gone left on a path.</summary>
    private async Task UnmountStaleAsync(string path)
    {
        while (MountTable.Read().Top(path) is { } top && IsStale(top))
        {
            logger.LogWarning("Unmounting {Path}: its disk ({Source}) is gone", path, top.Source);
            await UnmountAsync(path, top);
        }
    }

    /// <summary>Unmounts the topmost mount of a path and sees that it is gone.</summary>
    private static async Task UnmountAsync(string path, MountEntry top)
    {
        var refusal = await OutOfProcess.UnmountAsync(path);
        if (MountTable.Read().Entries.All(entry => entry.Id != top.Id || entry.Target != path)) return;
        throw new VolumeException(
            VolumeError.FailedPrecondition,
            refusal?.Contains("busy", StringComparison.Ordinal) == true
                ? $"{path} is in use; end the programs that use it (fuser -vm {path})"
                : $"{path} cannot be unmounted: {refusal}");
    }

    private static VolumeException Failed(string message) => new(VolumeError.FailedPrecondition, message);
}

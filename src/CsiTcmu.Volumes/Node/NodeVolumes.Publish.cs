using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;

namespace CsiTcmu.Volumes.Node;

public sealed partial class NodeVolumes
{
    private const int TargetFolderMode = 0x1e8; // 0750
    private const int TargetFileMode = 0x1b0; // 0660

    /// <inheritdoc/>
    public Task PublishAsync(
        string id, string stagingPath, string targetPath, VolumeUse use, bool readOnly, CancellationToken cancellationToken) =>
        RunAsync("publishing", id, targetPath, () => PublishCoreAsync(id, stagingPath, targetPath, use, readOnly), cancellationToken);

    private async Task PublishCoreAsync(string id, string stagingPath, string targetPath, VolumeUse use, bool readOnly)
    {
        var volume = catalogue.Require(id);
        var options = CheckUse(volume.Descriptor, use);
        var staging = HostPath.Folder(stagingPath).Path;
        var target = HostPath.Find(targetPath) ?? throw Failed($"the folder around {targetPath} does not exist; the caller makes it");
        if (target.Path == staging) throw new VolumeException(VolumeError.InvalidArgument, "target path and staging path are the same; use two");
        await UnmountStaleAsync(target.Path);

        var disk = FindDevice(id) ?? throw Failed($"volume '{id}' is not staged; stage it first");

        // What is on the disk below the mapping is for nobody, and a mapping that was not finished is made anew by the next stage.
        if (volume.Encryption.Enabled && (!Encryption.IsMapping(disk) || volume.Descriptor.Format == FormatState.Formatting))
            throw Failed($"volume '{id}' is encrypted and not open; stage it first");
        var table = MountTable.Read();
        var staged = use.Block ? null : Staged(id, table, staging, disk);
        var source = staged?.Target ?? disk.Path;
        var flags = use.Block
            ? NodeFlags(table, readOnly)
            : options.Over(staged!.Flags) | (readOnly ? MountFlags.ReadOnly : MountFlags.None);

        if (table.Top(target.Path) is { } top)
        {
            CheckPublished(id, use, disk, top, flags);
            return;
        }

        CheckOthers(id, use, table, disk, staging);
        var made = MakeTarget(HostPath.Find(targetPath)!, use.Block);
        FaultPoints.Reach(FaultPoints.PublishTarget);
        var result = Syscalls.Bind(source, target.Path, flags);
        if (result < 0)
        {
            if (made) _ = use.Block ? Syscalls.Unlink(target.Path) : Syscalls.RemoveDirectory(target.Path);
            throw new VolumeException(VolumeError.Unavailable, $"volume '{id}': {source} cannot be bound to {target.Path}: {Syscalls.Describe(result)}");
        }

        FaultPoints.Reach(FaultPoints.PublishBound);
    }

    private static MountEntry Staged(string id, MountTable table, string staging, AttachedDisk disk) =>
        table.Top(staging) is { } top && top.Disk == disk.Number
            ? top
            : throw Failed($"volume '{id}' is not staged at {staging}; stage it there first");

    /// <summary>
    /// A bound device node keeps the flags of <c>/dev</c>. Read-only is remembered here for comparison; that nobody opens the device for
    /// writing is the container runtime's part.
    /// </summary>
    private static MountFlags NodeFlags(MountTable table, bool readOnly)
    {
        var flags = table.Top("/dev")?.Flags ?? MountFlags.RelativeAccessTime;
        return (flags & ~MountFlags.NoDevices) | (readOnly ? MountFlags.ReadOnly : MountFlags.None);
    }

    private static void CheckPublished(string id, VolumeUse use, AttachedDisk disk, MountEntry top, MountFlags flags)
    {
        var ours = use.Block ? IsNodeOf(top, disk) : top.Disk == disk.Number && top.Root == "/";
        if (!ours) throw Failed($"{top.Target} has something else mounted ({top.FileSystem} from {top.Source}); unmount it, or use another target path");
        if (top.Flags != flags)
            throw new VolumeException(VolumeError.AlreadyExists, $"volume '{id}' is published at {top.Target} with other options: {top.Options}");
    }

    /// <summary>A workload that asked to be alone on the volume is.</summary>
    private static void CheckOthers(string id, VolumeUse use, MountTable table, AttachedDisk disk, string staging)
    {
        if (use.AccessMode != AccessMode.SingleNodeSingleWriter) return;
        var other = use.Block ? BlockPublishes(table, disk).FirstOrDefault() : table.Of(disk.Number).FirstOrDefault(entry => entry.Target != staging);
        if (other is not null)
            throw Failed($"volume '{id}' is published at {other.Target}, and its access mode allows one workload; unpublish it there first");
    }

    /// <summary>Makes the target. What is there already is used when it is of the right kind.</summary>
    /// <returns>True when it was made.</returns>
    private static bool MakeTarget(HostPath target, bool block)
    {
        if (target.Status is { } there)
        {
            var right = block ? FileKind.Regular : FileKind.Directory;
            return there.Kind == right ? false : throw Failed($"{target.Path} exists and is not a {(block ? "file" : "folder")}; remove it");
        }

        if (!block)
        {
            SystemCallException.Check(Syscalls.MakeDirectory(target.Path, TargetFolderMode), $"{target.Path} cannot be made");
            return true;
        }

        var flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        _ = Syscalls.Close(SystemCallException.Check(Syscalls.Open(target.Path, flags, TargetFileMode), $"{target.Path} cannot be made"));
        return true;
    }
}

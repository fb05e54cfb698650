using CsiTcmu.DataPlane;
using CsiTcmu.Linux;
using CsiTcmu.Linux.Mounts;
using CsiTcmu.Linux.Sysfs;

namespace CsiTcmu.Volumes.Health;

/// <summary>What is wrong with a volume that is on the node: its disk, the I/O of its image, its file system.</summary>
internal static class DiskChecks
{
    // A failure that nothing has followed is told until something does, one that was followed by a success for a while.
    private static readonly TimeSpan FailureWindow = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SpaceWindow = TimeSpan.FromSeconds(10);

    /// <summary>The disk itself.</summary>
    /// <param name="id">Volume id.</param>
    /// <param name="disk">The disk; null when there is none.</param>
    /// <param name="service">How it is served; null when it is not.</param>
    /// <param name="paths">Where the caller believes the volume to be.</param>
    public static IEnumerable<HealthEntry> OfDisk(string id, AttachedDisk? disk, DiskService? service, IReadOnlyList<string> paths)
    {
        if (disk is null)
        {
            var left = FindLeft(paths);
            if (service is not null || left is not null)
            {
                yield return new(
                    HealthStatus.Inaccessible,
                    HealthReasons.DiskGone,
                    $"the disk of volume '{id}'{(left is null ? "" : $", mounted at {left.Target},")} was removed from the node by somebody else; "
                + "end what uses it, unstage the volume and stage it again");
            }

            yield break;
        }

        if (BlockDevice.Find(disk.Name)?.ScsiState is { } state and not ("running" or "created" or "blocked" or "quiesce"))
        {
            yield return new(
                HealthStatus.Inaccessible,
                HealthReasons.DiskOffline,
                $"{disk.Path} of volume '{id}' is {state}: the kernel's error handling gave it up; unstage the volume and stage it again, "
                + $"or: echo running > /sys/block/{disk.Name}/device/state");
        }

        if (service is { Fault: null }) yield break;
        yield return new(
            HealthStatus.Inaccessible,
            HealthReasons.DiskNotServed,
            $"{disk.Path} of volume '{id}' is not served{(service is null ? "" : $" ({service.Fault})")}, so its I/O waits; "
            + "stage the volume again, and see the driver's log for why");
    }

    /// <summary>The I/O of its image.</summary>
    /// <param name="id">Volume id.</param>
    /// <param name="pool">Its pool.</param>
    /// <param name="failures">What the image has failed.</param>
    /// <param name="isScarce">True while the pool is nearly full.</param>
    public static IEnumerable<HealthEntry> OfImage(string id, string pool, DiskFailures failures, bool isScarce)
    {
        if (IsTold(failures.Reads))
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.ReadErrors,
                $"volume '{id}': {failures.Reads.Count} reads of its image failed; {Advice(pool)}");
        }

        if (IsTold(failures.Writes))
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.WriteErrors,
                $"volume '{id}': {failures.Writes.Count} writes or flushes of its image failed; {Advice(pool)}");
        }

        if (failures.Space.Count > 0 && (isScarce || failures.Space.Age < SpaceWindow))
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.SpaceExhausted,
                $"volume '{id}': {failures.Space.Count} writes failed because pool '{pool}' had no space; free some space in it or enlarge it, and writes go on");
        }
    }

    /// <summary>File systems on the disk, or on what is stacked on it.</summary>
    /// <param name="id">Volume id.</param>
    /// <param name="disk">The disk.</param>
    public static IEnumerable<HealthEntry> OfFileSystem(string id, AttachedDisk disk)
    {
        var holders = BlockDevice.Find(disk.Name)?.Holders ?? [];
        var numbers = holders.Select(BlockDevice.Find).OfType<BlockDevice>().Select(holder => holder.Number).Append(disk.Number).ToHashSet();
        var mounts = MountTable.Read().Entries.Where(entry => numbers.Contains(entry.Device)).ToList();

        // Asked for, both are read-only: the mount and the file system. By itself the kernel changes the file system alone.
        if (mounts.Find(IsReadOnlyByItself) is { } readOnly)
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.FileSystemReadOnly,
                $"the {readOnly.FileSystem} of volume '{id}' at {readOnly.Target} went read-only after an error; see the kernel's log for why, "
                + "end what uses it, unstage the volume and stage it again");
        }

        if (mounts.Find(HasFailed) is { } failed)
        {
            yield return new(
                HealthStatus.Inaccessible,
                HealthReasons.FileSystemFailed,
                $"the {failed.FileSystem} of volume '{id}' at {failed.Target} has shut down after an error; see the kernel's log for why, "
                + "end what uses it, unstage the volume and stage it again");
        }
    }

    /// <summary>A mount on one of the paths whose disk is gone.</summary>
    private static MountEntry? FindLeft(IReadOnlyList<string> paths)
    {
        if (paths.Count == 0) return null;
        var table = MountTable.Read();
        return paths.Select(table.Top).OfType<MountEntry>().FirstOrDefault(top => top.Device.Major != 0 && BlockDevice.Find(top.Device) is null);
    }

    private static bool IsTold(FailureCount failures) => failures.Count > 0 && (!failures.IsPast || failures.Age < FailureWindow);

    private static string Advice(string pool) =>
        $"see the kernel's log for the disk under pool '{pool}', replace it where it fails, and restore what was lost from a backup";

    private static bool IsReadOnlyByItself(MountEntry entry) =>
        (entry.SuperFlags.HasFlag(MountFlags.ReadOnly) && !entry.Flags.HasFlag(MountFlags.ReadOnly))
        || Words(entry).Contains("emergency_ro", StringComparer.Ordinal);

    private static bool HasFailed(MountEntry entry) =>
        Words(entry).Contains("shutdown", StringComparer.Ordinal) || Syscalls.Status(entry.Target, out _) == -Errno.InputOutput;

    private static string[] Words(MountEntry entry) => entry.SuperOptions.Split(',');
}

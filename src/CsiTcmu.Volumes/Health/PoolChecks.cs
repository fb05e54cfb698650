using CsiTcmu.Volumes.Pools;

namespace CsiTcmu.Volumes.Health;

/// <summary>What is wrong with a pool.</summary>
internal static class PoolChecks
{
    // With less than the largest write of a disk a write may fail.
    private const long FullBelow = ByteSize.Mebibyte;

    /// <summary>Looks at a pool that may be gone.</summary>
    public static (PoolRoom? Room, IReadOnlyList<HealthEntry> Entries) Run(Pool pool)
    {
        try
        {
            var room = pool.Measure();
            return (room, [.. Judge(pool, room)]);
        }
        catch (Exception problem) when (problem is VolumeException or IOException or UnauthorizedAccessException)
        {
            return (null, [Unavailable(PoolErrors.Translate(pool.Name, problem))]);
        }
    }

    /// <summary>The entry of a pool that does not answer as it should.</summary>
    public static HealthEntry Unavailable(VolumeException problem) => new(HealthStatus.Inaccessible, HealthReasons.PoolUnavailable, problem.Message);

    private static IEnumerable<HealthEntry> Judge(Pool pool, PoolRoom room)
    {
        if (room.IsReadOnly)
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.PoolReadOnly,
                $"pool '{pool.Name}': the file system of {pool.Folder} is read-only, so writes fail; see the kernel's log for why, repair it, "
                + "and remount it writable");
        }

        // Where all that was promised is there, a full pool harms nobody.
        if (room.Promises.AreCovered) yield break;
        if (room.Promises.Free < FullBelow)
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.PoolFull,
                $"pool '{pool.Name}' ({pool.Folder}) is full: writes that need new space fail, {ByteSize.Text(room.Promises.Outstanding)} are promised yet; "
                + "free some space or enlarge it");
        }
        else if (room.Promises.IsNearlyFull)
        {
            yield return new(
                HealthStatus.Degraded,
                HealthReasons.PoolNearlyFull,
                $"pool '{pool.Name}' ({pool.Folder}) is {room.Promises.UsedPercent} % full: {ByteSize.Text(room.Promises.Free)} are free, "
                + $"{ByteSize.Text(room.Promises.Outstanding)} are promised yet; free some space or enlarge it before writes fail");
        }
    }
}

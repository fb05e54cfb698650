using Csi.V1;
using CsiTcmu.Volumes;
using Health = CsiTcmu.Volumes.VolumeHealth;
using StorageBackendHealth = Csi.V1.NodeGetStorageHealthResponse.Types.StorageBackendHealth;

namespace CsiTcmu.Csi;

/// <summary>Health in the words of both versions of the specification.</summary>
internal static class Conditions
{
    /// <summary>The one condition of 1.12.</summary>
    public static VolumeCondition Of112(Health health) => health.Entries.Count == 0
        ? new VolumeCondition { Message = "nothing is known to be wrong with the volume" }
        : new VolumeCondition { Abnormal = true, Message = string.Join("; ", health.Entries.Select(entry => $"{entry.Reason}: {entry.Message}")) };

    /// <summary>The entries of 1.13.</summary>
    public static global::Csi.V1.VolumeHealth Of113(Health health) => new()
    {
        VolumeId = health.Id,
        HealthStatuses =
        {
            health.Entries.Select(entry => new global::Csi.V1.VolumeHealth.Types.VolumeHealthEntry
            {
                Status = entry.Status switch
                {
                    HealthStatus.Inaccessible => VolumeHealthErrorType.Inaccessible,
                    HealthStatus.DataLoss => VolumeHealthErrorType.DataLoss,
                    _ => VolumeHealthErrorType.Degraded,
                },
                Reason = entry.Reason,
                Message = entry.Message,
            }),
        },
    };

    /// <summary>The state of the pools, in which each pair of status and reason is there once.</summary>
    public static IEnumerable<StorageBackendHealth> OfPools(IEnumerable<PoolHealth> pools) => pools
        .GroupBy(pool => (Unreachable: pool.Entry.Status == HealthStatus.Inaccessible, pool.Entry.Reason))
        .Select(group => new StorageBackendHealth
        {
            Status = group.Key.Unreachable ? StorageHealthErrorType.StorageUnreachable : StorageHealthErrorType.StorageDegraded,
            Reason = group.Key.Reason,
            Message = string.Join("; ", group.Select(pool => pool.Entry.Message)),
        });
}

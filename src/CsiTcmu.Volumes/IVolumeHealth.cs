namespace CsiTcmu.Volumes;

/// <summary>How bad a condition is.</summary>
public enum HealthStatus
{
    /// <summary>Usable, but something is wrong or about to be.</summary>
    Degraded,

    /// <summary>Cannot be used now.</summary>
    Inaccessible,

    /// <summary>Data is lost, or probably is.</summary>
    DataLoss,
}

/// <summary>Something that is wrong with a volume or a pool.</summary>
/// <param name="Status">How bad it is.</param>
/// <param name="Reason">One word in CamelCase; <see cref="HealthReasons"/> has them all.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record HealthEntry(HealthStatus Status, string Reason, string Message);

/// <summary>A volume's health.</summary>
/// <param name="Id">Volume id.</param>
/// <param name="Volume">The volume; null when it is too damaged to be described.</param>
/// <param name="Entries">What is wrong, each reason once; empty for nothing.</param>
public sealed record VolumeHealth(string Id, Volume? Volume, IReadOnlyList<HealthEntry> Entries);

/// <summary>One page of volumes with their health.</summary>
/// <param name="Volumes">Ordered by id.</param>
/// <param name="NextToken">Token of the next page; empty at the end.</param>
public sealed record HealthPage(IReadOnlyList<VolumeHealth> Volumes, string NextToken);

/// <summary>Something that is wrong with a pool.</summary>
/// <param name="Pool">Its name.</param>
/// <param name="Entry">What.</param>
public sealed record PoolHealth(string Pool, HealthEntry Entry);

/// <summary>
/// What is wrong with volumes. No answer waits for a device longer than some seconds: one that does not come is a condition itself.
/// </summary>
public interface IVolumeHealth
{
    /// <summary>Health of a volume that may be anywhere in its life; <see cref="VolumeError.NotFound"/> when there is none.</summary>
    /// <param name="id">Volume id.</param>
    /// <param name="paths">Where the caller believes it to be staged or published; may be empty.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    Task<VolumeHealth> GetAsync(string id, IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>A page of volumes, damaged ones too. A bad token is <see cref="VolumeError.Aborted"/>.</summary>
    /// <param name="maximum">Most volumes of the page; 0 for all.</param>
    /// <param name="token">Token of the page before; empty for the first.</param>
    /// <param name="abnormalOnly">True to leave out those that nothing is wrong with.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    Task<HealthPage> ListAsync(int maximum, string token, bool abnormalOnly, CancellationToken cancellationToken);
}

/// <summary>What is wrong with the volumes and pools of this node, looked up when it is asked for.</summary>
public interface INodeHealth : IVolumeHealth
{
    /// <summary>What is wrong with the pools.</summary>
    Task<IReadOnlyList<PoolHealth>> GetPoolsAsync(CancellationToken cancellationToken);
}

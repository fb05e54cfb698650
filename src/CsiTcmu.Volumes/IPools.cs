namespace CsiTcmu.Volumes;

/// <summary>What is in a pool, and what of it is spoken for, at one moment, in bytes.</summary>
public readonly record struct PoolUsage
{
    /// <summary>Size of the pool's file system.</summary>
    public required long Size { get; init; }

    /// <summary>Free in it for ordinary users.</summary>
    public required long Free { get; init; }

    /// <summary>What is never promised.</summary>
    public required long Reserved { get; init; }

    /// <summary>What all volumes may come to need, those in the making included.</summary>
    public required long Promised { get; init; }

    /// <summary>Of that, what they have for themselves already. The rest is still to be written, and needs as much free space.</summary>
    public required long Allocated { get; init; }

    /// <summary>What new volumes can be promised; 0 when nothing can be written to the pool.</summary>
    public required long Available { get; init; }
}

/// <summary>The pools of this node.</summary>
public interface IPools
{
    /// <summary>Their names, in the order that they were given in.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Looks at a pool. <see cref="VolumeError.Unavailable"/> when it is gone or does not answer within five seconds.</summary>
    /// <param name="pool">Its name.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    Task<PoolUsage> MeasureAsync(string pool, CancellationToken cancellationToken);
}

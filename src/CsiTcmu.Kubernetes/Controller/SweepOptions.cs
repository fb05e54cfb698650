namespace CsiTcmu.Kubernetes.Controller;

/// <summary>How a controller deals with what nobody seems to need any more.</summary>
public sealed record SweepOptions
{
    /// <summary>Pause between two sweeps.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long claim and persistent volume must have been gone before a volume is deleted; null for never. A persistent volume whose policy
    /// is Retain may be deleted by hand so that the data stays, and a backup may bring both back later: only who knows that neither is done
    /// can want this.
    /// </summary>
    public TimeSpan? OrphanAge { get; init; }

    /// <summary>
    /// How long a node must have been out of the cluster before what is to be deleted there is let go without it; null for never.
    /// </summary>
    public TimeSpan? GoneNodeAge { get; init; } = TimeSpan.FromMinutes(15);
}

namespace CsiTcmu.DataPlane;

/// <summary>What a reactor does.</summary>
public readonly record struct ReactorUsage
{
    /// <summary>Its number, from 0.</summary>
    public required int Number { get; init; }

    /// <summary>Disks that it serves.</summary>
    public required int Disks { get; init; }

    /// <summary>How long its thread has had a processor. A reactor that has one all the time cannot do more.</summary>
    public required TimeSpan ProcessorTime { get; init; }

    /// <summary>How often it has slept until something came.</summary>
    public required long Sleeps { get; init; }
}

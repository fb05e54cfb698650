namespace CsiTcmu.Kubernetes.Agent;

/// <summary>What a <see cref="NodeAgent"/> runs with.</summary>
public sealed record NodeAgentOptions
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>Names of the pools.</summary>
    public required IReadOnlyList<string> Pools { get; init; }

    /// <summary>Version of the driver.</summary>
    public required string DriverVersion { get; init; }

    /// <summary>Name of the CSI driver.</summary>
    public required string DriverName { get; init; }

    /// <summary>Where the blocks of snapshots are told; null for nowhere.</summary>
    public System.Net.IPEndPoint? BlocksEndpoint { get; init; }

    /// <summary>What is told of the node beside its pools; asked at each report.</summary>
    public Func<IReadOnlyList<NodeFact>> Facts { get; init; } = () => [];

    /// <summary>Longest pause between two reports of the node.</summary>
    public TimeSpan HeartbeatPeriod { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Pause between two looks at the health of the volumes.</summary>
    public TimeSpan HealthPeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Volumes that are worked on at the same time.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

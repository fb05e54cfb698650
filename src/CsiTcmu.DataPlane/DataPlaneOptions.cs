using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane;

/// <summary>Sizes of the data plane. The defaults suit a node with some dozens of volumes.</summary>
public sealed record DataPlaneOptions
{
    /// <summary>Number of reactor threads, 1 to 64. Default: one per processor, at most 4; a disk stays with one of them for its life.</summary>
    public int ReactorCount { get; init; } = Math.Min(Environment.ProcessorCount, 4);

    /// <summary>What serves file I/O.</summary>
    public IoEngineChoice Engine { get; init; } = IoEngineChoice.Auto;

    /// <summary>File operations of one reactor that are with the kernel at once, 1 to 16384. Default 1024.</summary>
    public int EngineQueueDepth { get; init; } = 1024;

    /// <summary>
    /// Commands of one disk that are with its backstore at once, 1 to 4096. Default 256. What is beyond waits in the ring. Each costs 4 to
    /// 8 KiB of memory from the first time that it is needed.
    /// </summary>
    public int MaximumInFlight { get; init; } = 256;

    /// <summary>Commands that a disk may start before the other disks of its reactor have their turn, 1 to 4096. Default 32.</summary>
    public int CommandsPerTurn { get; init; } = 32;

    /// <summary>
    /// How long a reactor looks for new commands before it sleeps, at most, 0 to 10000 µs. It looks only after sleeps that were shorter than
    /// this; an idle reactor sleeps. Default: <see cref="Patience.Bound"/> of what a wake-up costs on this machine.
    /// </summary>
    public int? PatienceMicroseconds { get; init; }

    /// <summary>What limits are measured by.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Throws when a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the value and its range.</exception>
    internal void Check()
    {
        Check(ReactorCount, 1, 64, nameof(ReactorCount));
        Check(EngineQueueDepth, 1, 16384, nameof(EngineQueueDepth));
        Check(MaximumInFlight, 1, 4096, nameof(MaximumInFlight));
        Check(CommandsPerTurn, 1, 4096, nameof(CommandsPerTurn));
        Check(PatienceMicroseconds ?? 0, 0, 10_000, nameof(PatienceMicroseconds));
    }

    private static void Check(int value, int minimum, int maximum, string name)
    {
        if (value < minimum || value > maximum) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {minimum} to {maximum}.");
    }
}

namespace CsiTcmu.DataPlane;

/// <summary>Commands that a backstore has failed, of one kind, since the disk is served.</summary>
/// <param name="Count">How many.</param>
/// <param name="Age">How long ago the last one was; zero when there was none.</param>
/// <param name="IsPast">True when a command of the same direction has succeeded since, or there was none.</param>
public readonly record struct FailureCount(long Count, TimeSpan Age, bool IsPast);

/// <summary>What a backstore has failed.</summary>
/// <param name="Reads">Reads.</param>
/// <param name="Writes">Writes, flushes and discards, for another reason than space.</param>
/// <param name="Space">Writes and discards for which there was no space.</param>
public readonly record struct DiskFailures(FailureCount Reads, FailureCount Writes, FailureCount Space);

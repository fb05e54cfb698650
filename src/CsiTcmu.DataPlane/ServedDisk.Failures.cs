using CsiTcmu.Backstores;

namespace CsiTcmu.DataPlane;

/// <summary>Failures of the backstore by kind, as <c>ServedDisk.Counters.cs</c> keeps its counters. Successes cost nothing here.</summary>
internal sealed partial class ServedDisk
{
    private FailureLog _readFailures;
    private FailureLog _writeFailures;
    private FailureLog _spaceFailures;

    /// <inheritdoc/>
    public DiskFailures Failures => new(
        Describe(ref _readFailures, Volatile.Read(ref _reads)),
        Describe(ref _writeFailures, Changes),
        Describe(ref _spaceFailures, Changes));

    private long Changes => Volatile.Read(ref _writes) + Volatile.Read(ref _flushes) + Volatile.Read(ref _discards);

    private void CountFailure(int error, BackstoreOperation operation)
    {
        Volatile.Write(ref _errors, _errors + 1);
        if (operation == BackstoreOperation.Read) Note(ref _readFailures, _reads);
        else if (SenseMapping.IsNoSpace(error)) Note(ref _spaceFailures, Changes);
        else Note(ref _writeFailures, Changes);
    }

    private void Note(ref FailureLog log, long successes)
    {
        Volatile.Write(ref log.LastAt, _reactor.Clock.GetTimestamp());
        Volatile.Write(ref log.SuccessesThen, successes);
        Volatile.Write(ref log.Count, log.Count + 1);
    }

    private FailureCount Describe(ref FailureLog log, long successes)
    {
        var count = Volatile.Read(ref log.Count);
        return count == 0
            ? new FailureCount(0, TimeSpan.Zero, IsPast: true)
            : new FailureCount(count, _reactor.Clock.GetElapsedTime(Volatile.Read(ref log.LastAt)), successes > Volatile.Read(ref log.SuccessesThen));
    }

    private struct FailureLog
    {
        public long Count;
        public long LastAt;
        public long SuccessesThen;
    }
}

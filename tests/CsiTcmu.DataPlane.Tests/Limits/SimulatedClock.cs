namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>A clock that a test moves.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private long _now = 1_000_000_000_000;

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public void Advance(TimeSpan time) => Volatile.Write(ref _now, _now + (long)time.TotalNanoseconds);
}

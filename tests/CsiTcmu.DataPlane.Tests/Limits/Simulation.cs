namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>
/// A reactor without a thread, on a clock that goes on only while it waits: many seconds pass in a moment, and always in the same way.
/// </summary>
internal sealed class Simulation : IDisposable
{
    private readonly Reactor _reactor;
    private readonly List<SimulatedDisk> _disks = [];
    private readonly long _start;

    public Simulation()
    {
        Engine = new SimulatedEngine(Clock);
        _reactor = new Reactor("simulation", Engine, Clock);
        _start = Clock.GetTimestamp();
    }

    public SimulatedClock Clock { get; } = new();

    public SimulatedEngine Engine { get; }

    /// <summary>Seconds since the start.</summary>
    public double Now => Seconds(Clock.GetTimestamp());

    /// <summary>Seconds from the start to a record's time.</summary>
    public double Seconds(long timestamp) => Clock.GetElapsedTime(_start, timestamp).TotalSeconds;

    public SimulatedDisk Add(DiskLimits? limits = null)
    {
        var disk = new SimulatedDisk(this, _reactor, _disks.Count, limits);
        _disks.Add(disk);
        return disk;
    }

    /// <summary>The kernel's turn, then one pass.</summary>
    public void Pass()
    {
        foreach (var disk in _disks) disk.Feed();
        _reactor.Pass();
    }

    /// <summary>Goes on until nothing is left to do, or until so many seconds after the start.</summary>
    public void Run(double until = double.MaxValue)
    {
        do Pass();
        while (Now < until && !Engine.IsIdle);
    }

    /// <summary>Lets what was posted to the reactor happen.</summary>
    public async Task DoAsync(Task posted)
    {
        Pass();
        Pass();
        await posted.WaitAsync(Rig.Patience);
    }

    public void Dispose() => _disks.ForEach(disk => disk.Dispose());
}

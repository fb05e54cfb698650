namespace CsiTcmu.Volumes.Tests.Support;

/// <summary>Keeps the first operation that comes to a fault point there, until it may go on. Others pass by once it is there.</summary>
internal sealed class Pause : IDisposable
{
    private readonly ManualResetEventSlim _reached = new();
    private readonly ManualResetEventSlim _goes = new();

    /// <summary>From now on.</summary>
    public Pause(string point) => FaultPoints.Observer = name =>
    {
        if (name != point) return;
        _reached.Set();
        _goes.Wait();
    };

    /// <summary>Waits until an operation is there.</summary>
    public void WaitUntilReached()
    {
        _reached.Wait();
        FaultPoints.Observer = null;
    }

    /// <summary>Lets the operation go on.</summary>
    public void GoOn() => _goes.Set();

    /// <inheritdoc/>
    public void Dispose()
    {
        FaultPoints.Observer = null;
        _reached.Dispose();
        _goes.Dispose();
    }
}

using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane.Tests.Limits;

/// <summary>An engine in which waiting moves the clock.</summary>
internal sealed class SimulatedEngine(SimulatedClock clock) : IIoEngine
{
    private readonly Dictionary<int, ulong> _watches = [];
    private readonly HashSet<int> _signalled = [];
    private readonly Queue<IoCompletion> _completions = [];

    /// <summary>How much longer than asked for every wait takes.</summary>
    public TimeSpan Oversleep { get; set; }

    /// <summary>What happens just before a wait that only looks, once.</summary>
    public Action? BeforeLook { get; set; }

    /// <summary>True when the last wait was one without end.</summary>
    public bool IsIdle { get; private set; }

    public bool HasCompletions => _completions.Count > 0;

    public string Name => "simulated";

    public bool TryQueue(in IoRequest request) => throw new InvalidOperationException("No request is expected.");

    /// <summary>How often a descriptor has been watched.</summary>
    public int Watches { get; private set; }

    /// <summary>An acknowledgement is not seen here, so an event before the watch is reported at once; it may be one for nothing.</summary>
    public void Watch(int file, ulong token)
    {
        Watches++;
        if (_signalled.Remove(file)) _completions.Enqueue(new IoCompletion(token, 1));
        else _watches.Add(file, token);
    }

    public void Unwatch(int file, ulong token)
    {
        _watches.Remove(file);
        _signalled.Remove(file);
    }

    /// <summary>Reports that the descriptor has something to read.</summary>
    public void Signal(int file)
    {
        if (_watches.Remove(file, out var token)) _completions.Enqueue(new IoCompletion(token, 1));
        else _signalled.Add(file);
    }

    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds)
    {
        if (timeoutMilliseconds == 0)
        {
            var before = BeforeLook;
            BeforeLook = null;
            before?.Invoke();
        }

        var count = 0;
        while (count < completions.Length && _completions.TryDequeue(out var completion)) completions[count++] = completion;
        IsIdle = count == 0 && timeoutMilliseconds < 0;
        if (count == 0 && timeoutMilliseconds > 0) clock.Advance(TimeSpan.FromMilliseconds(timeoutMilliseconds) + Oversleep);
        return count;
    }

    public void Wake()
    {
    }

    public void Dispose()
    {
    }
}

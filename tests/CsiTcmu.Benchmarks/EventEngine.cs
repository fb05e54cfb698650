using CsiTcmu.Linux;

namespace CsiTcmu.Benchmarks;

/// <summary>An engine in which a watch has its event at once: the reactor rests, and is woken, as often as it wants to. Takes no requests.</summary>
internal sealed class EventEngine : IIoEngine
{
    private ulong _token;
    private bool _isWatched;

    public string Name => "events";

    public bool HasCompletions => false;

    public bool TryQueue(in IoRequest request) => throw new InvalidOperationException("No request is expected.");

    public void Watch(int file, ulong token)
    {
        _token = token;
        _isWatched = true;
    }

    public void Unwatch(int file, ulong token) => _isWatched = false;

    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds)
    {
        if (!_isWatched) return 0;
        _isWatched = false;
        completions[0] = new IoCompletion(_token, 1);
        return 1;
    }

    public void Wake()
    {
    }

    public void Dispose()
    {
    }
}

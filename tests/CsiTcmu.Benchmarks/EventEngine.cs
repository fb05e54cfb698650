using CsiTcmu.Linux;

namespace CsiTcmu.Benchmarks;

/// <summary>An engine that always reports an event of the one device that it watches, and takes no requests.</summary>
internal sealed class EventEngine : IIoEngine
{
    private ulong _token;

    public string Name => "events";

    public bool HasCompletions => true;

    public bool TryQueue(in IoRequest request) => throw new InvalidOperationException("No request is expected.");

    public void Watch(int file, ulong token) => _token = token;

    public void Unwatch(int file, ulong token)
    {
    }

    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds)
    {
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

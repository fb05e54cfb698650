using System.Runtime.InteropServices;
using CsiTcmu.Linux;

namespace CsiTcmu.Backstores.Tests;

/// <summary>
/// An engine that does what engines may do, more often than they would: transfers that stop early, interruptions, a queue that is full. The short
/// transfers are real: the kernel is asked for less.
/// </summary>
internal sealed unsafe class TroublingEngine(IIoEngine inner, int unit, int seed) : IIoEngine
{
    private readonly Random _random = new(seed);
    private readonly List<nint> _vectors = [];
    private readonly HashSet<ulong> _interrupted = [];
    private int _inFlight;

    public string Name => inner.Name;

    public int Cuts { get; private set; }

    public int Interruptions { get; private set; }

    public bool TryQueue(in IoRequest request)
    {
        if (_inFlight > 0 && _random.Next(4) == 0) return false;
        var changed = request;
        if (request.Operation is IoOperation.Read or IoOperation.Write && _random.Next(3) == 0) Cut(ref changed);
        if (!inner.TryQueue(in changed)) return false;
        _inFlight++;
        if (_random.Next(16) == 0) _interrupted.Add(request.Token);
        return true;
    }

    public void Watch(int file, ulong token) => inner.Watch(file, token);

    public void Unwatch(int file, ulong token) => inner.Unwatch(file, token);

    public bool HasCompletions => inner.HasCompletions;

    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds)
    {
        var count = inner.Wait(completions, timeoutMilliseconds);
        _inFlight -= count;
        for (var i = 0; i < count; i++)
        {
            if (!_interrupted.Remove(completions[i].Token)) continue;
            completions[i] = new IoCompletion(completions[i].Token, _random.Next(2) == 0 ? -Errno.Interrupted : -Errno.TryAgain);
            Interruptions++;
        }
        return count;
    }

    public void Wake() => inner.Wake();

    public void Dispose()
    {
        inner.Dispose();
        foreach (var vectors in _vectors) NativeMemory.Free((void*)vectors);
    }

    private void Cut(ref IoRequest request)
    {
        var total = 0L;
        for (var i = 0; i < request.VectorCount; i++) total += (long)request.Vectors[i].Length;
        if (total <= unit) return;
        var left = _random.NextInt64(1, total / unit) * unit;
        var vectors = (Iovec*)NativeMemory.Alloc((nuint)request.VectorCount, (nuint)sizeof(Iovec));
        _vectors.Add((nint)vectors);
        var count = 0;
        for (; left > 0; count++)
        {
            vectors[count] = request.Vectors[count];
            if ((long)vectors[count].Length > left) vectors[count].Length = (nuint)left;
            left -= (long)vectors[count].Length;
        }
        request.Vectors = vectors;
        request.VectorCount = count;
        Cuts++;
    }
}

/// <summary>Writes down what is queued.</summary>
internal sealed class RecordingEngine(IIoEngine inner) : IIoEngine
{
    public List<IoRequest> Requests { get; } = [];

    public string Name => inner.Name;

    public bool TryQueue(in IoRequest request)
    {
        Requests.Add(request);
        return inner.TryQueue(in request);
    }

    public void Watch(int file, ulong token) => inner.Watch(file, token);

    public void Unwatch(int file, ulong token) => inner.Unwatch(file, token);

    public bool HasCompletions => inner.HasCompletions;

    public int Wait(Span<IoCompletion> completions, int timeoutMilliseconds) => inner.Wait(completions, timeoutMilliseconds);

    public void Wake() => inner.Wake();

    public void Dispose() => inner.Dispose();
}

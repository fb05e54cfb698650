using CsiTcmu.Linux;

namespace CsiTcmu.DataPlane;

/// <summary>
/// What other threads ask of a reactor: actions that run on its thread, in the order in which they were posted. The reactor looks at one
/// volatile count per pass, and takes the lock only when there is something.
/// </summary>
/// <param name="engine">What the reactor waits in; is woken by each post, and never after <see cref="Close"/>.</param>
internal sealed class Mailbox(IIoEngine engine)
{
    private readonly Lock _lock = new();
    private readonly Queue<Action> _actions = new();
    private int _count;
    private bool _closed;

    /// <summary>True when there is an action to run.</summary>
    public bool HasActions => Volatile.Read(ref _count) != 0;

    /// <summary>Adds an action. It must not throw.</summary>
    /// <returns>False when the reactor has ended: the action will not run.</returns>
    public bool TryPost(Action action)
    {
        lock (_lock)
        {
            if (_closed) return false;
            _actions.Enqueue(action);
            Volatile.Write(ref _count, _actions.Count);
            engine.Wake();
            return true;
        }
    }

    /// <summary>Runs what has been posted, outside of the lock. For the reactor's thread.</summary>
    public void Run()
    {
        while (HasActions)
        {
            Action action;
            lock (_lock)
            {
                action = _actions.Dequeue();
                Volatile.Write(ref _count, _actions.Count);
            }

            action();
        }
    }

    /// <summary>Refuses further actions, and runs those that were posted before. For the reactor's thread.</summary>
    public void Close()
    {
        lock (_lock) _closed = true;
        Run();
    }
}

using System.Globalization;
using CsiTcmu.Kubernetes.Client;
using CsiTcmu.Kubernetes.Resources;

namespace CsiTcmu.Kubernetes.Caching;

/// <summary>
/// Objects of a kind as the watch has told them last. What this process wrote itself can be put in before the watch tells it; what is
/// older than the watch is never taken.
/// </summary>
/// <typeparam name="T">Their type.</typeparam>
public sealed class ResourceCache<T>
    where T : class, IResource
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, T> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Waiter>> _waiters = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synchronised = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Action<string>> _listeners = [];
    private ulong _watched;

    /// <summary>Ends when the objects have been listed once.</summary>
    public Task Synchronised => _synchronised.Task;

    /// <summary>All objects.</summary>
    public IReadOnlyList<T> All
    {
        get
        {
            lock (_gate) return [.. _objects.Values];
        }
    }

    /// <summary>The object, or null.</summary>
    public T? Find(string name)
    {
        lock (_gate) return _objects.GetValueOrDefault(name);
    }

    /// <summary>
    /// From now on tells the name of each object that appears, changes or goes, and of every object at each resynchronisation. To be
    /// called before the reflector runs.
    /// </summary>
    public void Subscribe(Action<string> listener) => _listeners.Add(listener);

    /// <summary>Puts in an object as the server has just answered it, unless the watch is further already.</summary>
    public void Put(T resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        lock (_gate)
        {
            var version = Version(resource);

            // The watch has passed this version: it has told this state, or a later one, or the end of the object.
            if (version <= _watched) return;
            if (_objects.TryGetValue(resource.Metadata.Name, out var known) && Version(known) >= version) return;
            _objects[resource.Metadata.Name] = resource;
            Wake(resource.Metadata.Name);
        }

        Tell(resource.Metadata.Name);
    }

    /// <summary>Waits until the check of an object, null when it is not there, answers something.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="check">Asked at once and after each change; null means go on waiting. Quick and free of side effects.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    public async Task<TResult> WaitAsync<TResult>(string name, Func<T?, TResult?> check, CancellationToken cancellationToken)
        where TResult : class
    {
        ArgumentNullException.ThrowIfNull(check);
        Waiter waiter;
        lock (_gate)
        {
            if (check(_objects.GetValueOrDefault(name)) is { } already) return already;
            waiter = new Waiter(check);
            if (!_waiters.TryGetValue(name, out var list)) _waiters[name] = list = [];
            list.Add(waiter);
        }

        try
        {
            return (TResult)await waiter.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                if (_waiters.TryGetValue(name, out var list) && list.Remove(waiter) && list.Count == 0) _waiters.Remove(name);
            }
        }
    }

    /// <summary>Takes a whole list.</summary>
    internal void Replace(ResourceList<T> list)
    {
        var changed = new List<string>();
        lock (_gate)
        {
            var version = Number(list.Metadata.ResourceVersion);
            var listed = list.Items.ToDictionary(item => item.Metadata.Name, StringComparer.Ordinal);
            foreach (var (name, known) in _objects)
            {
                // What this process made after the list was drawn up stays.
                if (!listed.ContainsKey(name) && Version(known) <= version) changed.Add(name);
            }

            foreach (var name in changed) _objects.Remove(name);
            foreach (var (name, item) in listed)
            {
                if (_objects.TryGetValue(name, out var known) && Version(known) >= Version(item)) continue;
                _objects[name] = item;
                changed.Add(name);
            }

            _watched = Math.Max(_watched, version);
            foreach (var name in changed) Wake(name);
        }

        _synchronised.TrySetResult();
        foreach (var name in changed) Tell(name);
    }

    /// <summary>Takes one event.</summary>
    internal void Apply(WatchEvent<T> happened)
    {
        lock (_gate)
        {
            _watched = Math.Max(_watched, Number(happened.ResourceVersion));
            if (happened.Object is null) return;
            var name = happened.Object.Metadata.Name;
            if (_objects.TryGetValue(name, out var known) && Version(known) > Version(happened.Object)) return;
            if (happened.Type == WatchEventType.Deleted) _objects.Remove(name);
            else _objects[name] = happened.Object;
            Wake(name);
        }

        Tell(happened.Object.Metadata.Name);
    }

    /// <summary>Tells every object again.</summary>
    internal void Resynchronise()
    {
        foreach (var item in All) Tell(item.Metadata.Name);
    }

    private void Tell(string name)
    {
        foreach (var listener in _listeners) listener(name);
    }

    private static ulong Version(T resource) => Number(resource.Metadata.ResourceVersion);

    // Versions are the store's revision: they grow, and may be compared within a kind.
    private static ulong Number(string? version) => ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private void Wake(string name)
    {
        if (!_waiters.TryGetValue(name, out var list)) return;
        var current = _objects.GetValueOrDefault(name);
        foreach (var waiter in list)
        {
            if (waiter.Check(current) is { } answer) waiter.Answer.TrySetResult(answer);
        }
    }

    private sealed class Waiter(Func<T?, object?> check)
    {
        public Func<T?, object?> Check { get; } = check;

        public TaskCompletionSource<object> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

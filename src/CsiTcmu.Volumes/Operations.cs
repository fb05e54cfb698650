using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Volumes;

/// <summary>
/// Runs operations so that no two touch the same thing and no caller waits longer than it wants to.
/// </summary>
/// <remarks>
/// An operation takes a key for each thing (a volume, a target path) before it begins; a second one that needs a key that is taken is
/// answered ABORTED at once. The work runs on its own: when the caller gives up, it is answered ABORTED, the work goes on, and the keys
/// stay taken until it ends, however long the kernel needs. A repetition then finds the work done.
/// </remarks>
internal sealed class Operations(ILogger logger)
{
    private readonly ConcurrentDictionary<string, string> _taken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private volatile bool _closed;

    /// <summary>True when no operation may begin any more and those that are long should end.</summary>
    public bool IsClosed => _closed;

    public static string VolumeKey(string id) => "volume " + id;

    public static string SnapshotKey(string id) => "snapshot " + id;

    public static string GroupKey(string id) => "group " + id;

    public static string PathKey(string path) => "path " + path;

    /// <summary>True while an operation holds that key.</summary>
    public bool IsTaken(string key) => _taken.ContainsKey(key);

    /// <summary>Runs an operation.</summary>
    /// <param name="name">What it does, for messages: <c>staging</c>.</param>
    /// <param name="keys">What it touches.</param>
    /// <param name="work">The work; may block.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    public async Task<T> RunAsync<T>(string name, IReadOnlyList<string> keys, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        if (_closed) throw new VolumeException(VolumeError.Unavailable, "this process is ending; ask the next one");
        cancellationToken.ThrowIfCancellationRequested();
        Take(name, keys);
        var task = Task.Run(() => ReleaseAfterAsync(name, keys, work), CancellationToken.None);
        _running[task] = 0;
        _ = task.ContinueWith(ended => _running.TryRemove(ended, out _), TaskScheduler.Default);
        try
        {
            return await task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!task.IsCompleted)
        {
            _ = task.ContinueWith(ended => Report(name, keys, ended), TaskScheduler.Default);
            throw new VolumeException(VolumeError.Aborted, $"{name} of {keys[0]} goes on; ask again for its result");
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(string name, IReadOnlyList<string> keys, Func<Task> work, CancellationToken cancellationToken) =>
        RunAsync<object?>(
            name,
            keys,
            async () =>
            {
                await work();
                return null;
            },
            cancellationToken);

    /// <summary>Lets no operation begin any more and waits for those that run, at most so long.</summary>
    public async Task CloseAsync(TimeSpan patience)
    {
        _closed = true;
        var running = Task.WhenAll(_running.Keys);
        if (await Task.WhenAny(running, Task.Delay(patience)) != running)
            logger.LogWarning("Operations that are still under way are left: {Operations}", string.Join(", ", _taken.Select(pair => $"{pair.Value} of {pair.Key}")));
    }

    private void Take(string name, IReadOnlyList<string> keys)
    {
        for (var taken = 0; taken < keys.Count; taken++)
        {
            if (_taken.TryAdd(keys[taken], name)) continue;
            var other = _taken.GetValueOrDefault(keys[taken], "another operation");
            foreach (var key in keys.Take(taken)) _taken.TryRemove(key, out _);
            throw new VolumeException(VolumeError.Aborted, $"{other} of {keys[taken]} is under way; try again when it has ended");
        }
    }

    private async Task<T> ReleaseAfterAsync<T>(string name, IReadOnlyList<string> keys, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception cause) when (cause is IOException or InvalidDataException or InvalidOperationException)
        {
            // Something may have been made already: the caller shall ask again.
            throw new VolumeException(VolumeError.Unavailable, $"{name} of {keys[0]} stopped: {cause.Message}", cause);
        }
        finally
        {
            foreach (var key in keys) _taken.TryRemove(key, out _);
        }
    }

    private void Report(string name, IReadOnlyList<string> keys, Task ended)
    {
        if (ended.Exception is { } failure)
            logger.LogWarning("{Operation} of {Thing}, whose caller had gone, failed: {Reason}", name, keys[0], failure.InnerException?.Message);
        else
            logger.LogInformation("{Operation} of {Thing}, whose caller had gone, is done", name, keys[0]);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;

namespace CsiTcmu.Volumes;

/// <summary>
/// Questions that the kernel may never answer, since a device may be stuck. Whoever asks is answered in time, and a subject that does not
/// answer keeps one thread, not one more with each question.
/// </summary>
/// <param name="patience">How long an answer is waited for.</param>
internal sealed class Questions(TimeSpan patience)
{
    private readonly ConcurrentDictionary<string, Task> _open = new(StringComparer.Ordinal);

    /// <summary>Asks, after those who asked the same subject before.</summary>
    /// <param name="subject">Who is asked, for messages: <c>volume 'a'</c>.</param>
    /// <param name="question">Finds the answer; may block.</param>
    /// <param name="cancellationToken">The caller's patience.</param>
    /// <exception cref="VolumeException">Unavailable: there is no answer.</exception>
    public async Task<T> AskAsync<T>(string subject, Func<T> question, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            while (!_open.TryAdd(subject, ended.Task))
            {
                if (_open.TryGetValue(subject, out var before)) await before.WaitAsync(Left(started), cancellationToken);
            }

            return await AnswerAsync(subject, question, ended).WaitAsync(Left(started), cancellationToken);
        }
        catch (TimeoutException cause)
        {
            throw new VolumeException(VolumeError.Unavailable, $"{subject} does not answer; its disk or the pool's may be stuck", cause);
        }
        catch (IOException cause)
        {
            throw new VolumeException(VolumeError.Unavailable, $"{subject} cannot be examined: {cause.Message}", cause);
        }
    }

    private Task<T> AnswerAsync<T>(string subject, Func<T> question, TaskCompletionSource ended) => Task.Run(
        () =>
        {
            try
            {
                return question();
            }
            finally
            {
                _open.TryRemove(subject, out _);
                ended.SetResult();
            }
        },
        CancellationToken.None);

    private TimeSpan Left(long started)
    {
        var left = patience - Stopwatch.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}

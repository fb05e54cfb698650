using System.Diagnostics;

namespace CsiTcmu.DataPlane;

/// <summary>How long a reactor goes on looking before it sleeps; learnt from how long its sleeps turn out to be.</summary>
/// <remarks>
/// To sleep and be woken costs two switches of the processor and the kernel's way to them. That is worth it only when the sleep is longer. So a
/// sleep that was shorter than <paramref name="longest"/> doubles the time, and one that was longer sets it to zero: a stream of commands
/// one by one is served without sleep, a command now and then costs no looking at all, and an idle reactor sleeps.
/// </remarks>
/// <param name="longest">The most; zero never looks.</param>
internal sealed class Patience(TimeSpan longest)
{
    /// <summary>
    /// The answer wakes the kernel's worker that completes the command, that the initiator, whose next command wakes the workers of the queue and of the
    /// target. Any of them may be on a processor that has gone to sleep, which costs more than the quickest wake-up does.
    /// </summary>
    private const int WakeUpsBetweenCommands = 12;

    private static readonly TimeSpan LeastBound = TimeSpan.FromMicroseconds(20);
    private static readonly TimeSpan MostBound = TimeSpan.FromMilliseconds(1);
    private static readonly long Shortest = Stopwatch.Frequency / 200_000; // 5 µs
    private readonly long _longest = (long)(longest.TotalSeconds * Stopwatch.Frequency);

    /// <summary>How long to look, in ticks of the stopwatch; zero for not at all.</summary>
    public long Ticks { get; private set; }

    /// <summary>
    /// The most that is worth it where a wake-up costs this much: what passes between two commands of an initiator that sends one by one,
    /// 20 µs to 1 ms.
    /// </summary>
    public static TimeSpan Bound(TimeSpan wakeUp) =>
        TimeSpan.FromTicks(Math.Clamp(wakeUp.Ticks * WakeUpsBetweenCommands, LeastBound.Ticks, MostBound.Ticks));

    /// <summary>Takes note of a sleep.</summary>
    /// <param name="ticks">How long it was.</param>
    public void OnSleep(long ticks) => Ticks = ticks > _longest ? 0 : Math.Min(Math.Max(Ticks * 2, Shortest), _longest);
}

using System.Security.Cryptography;

namespace CsiTcmu.Kubernetes.Caching;

/// <summary>Pauses that double from the first to the longest, each a little more or less by chance.</summary>
/// <param name="First">The first.</param>
/// <param name="Longest">The longest.</param>
public readonly record struct Backoff(TimeSpan First, TimeSpan Longest)
{
    private const int MostDoublings = 30;
    private const int Percent = 100, Spread = 20;

    /// <summary>The pause after so many failures in a row, 1 for the first.</summary>
    public TimeSpan After(int failures)
    {
        var pause = First * Math.Pow(2, Math.Clamp(failures - 1, 0, MostDoublings));
        if (pause > Longest) pause = Longest;
        return pause * (Percent + RandomNumberGenerator.GetInt32(-Spread, Spread + 1)) / Percent;
    }

    /// <summary>Waits that long; ends early, without a word, when cancelled: the caller's loop sees it.</summary>
    public async Task WaitAsync(int failures, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(After(failures), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller's loop sees it.
        }
    }
}

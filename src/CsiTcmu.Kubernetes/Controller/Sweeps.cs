using Microsoft.Extensions.Logging;

namespace CsiTcmu.Kubernetes.Controller;

/// <summary>Runs sweeps, one after the other, with a pause between; one that fails is told and comes again.</summary>
/// <param name="sweeps">The sweeps.</param>
/// <param name="known">Ends when the resources are known; before that everything would seem to be gone.</param>
/// <param name="period">The pause.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives what is worth telling.</param>
internal sealed class Sweeps(IReadOnlyList<Sweep> sweeps, Task known, TimeSpan period, TimeProvider time, ILogger logger)
{
    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await known.WaitAsync(cancellationToken);
            using var ticks = new PeriodicTimer(period, time);
            while (await ticks.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var sweep in sweeps) await TryAsync(sweep, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            logger.LogDebug("No more sweeps");
        }
    }

    private async Task TryAsync(Sweep sweep, CancellationToken cancellationToken)
    {
        try
        {
            await sweep.RunAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            logger.LogWarning("{Sweep} is tried again: {Reason}", sweep.GetType().Name, failure.Message);
        }
    }
}

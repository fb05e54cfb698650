using System.Runtime.InteropServices;
using CsiTcmu.Volumes;
using Microsoft.Extensions.Logging;

namespace CsiTcmu;

/// <summary>The frame around a serving verb: signals end it, and what keeps it from starting is said in one line.</summary>
internal static class Termination
{
    private const int ExitCannotStart = 1;

    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <param name="log">Takes the reason when it cannot start.</param>
    /// <param name="serve">Serves until its argument ends.</param>
    /// <returns>Exit status: 0, or 1 when it cannot start.</returns>
    public static async Task<int> RunAsync(ILogger log, Func<Task<PosixSignal>, Task> serve)
    {
        var ended = new TaskCompletionSource<PosixSignal>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        try
        {
            await serve(ended.Task);
            return 0;
        }
        catch (Exception e) when (e is VolumeException or IOException or ArgumentException or InvalidOperationException or FormatException)
        {
            log.LogCritical("Cannot start: {Reason}", e.Message);
            return ExitCannotStart;
        }

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            ended.TrySetResult(context.Signal);
        }
    }
}

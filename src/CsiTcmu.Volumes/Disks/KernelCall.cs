namespace CsiTcmu.Volumes;

/// <summary>Calls that block as long as the kernel likes get a thread of their own, so that a stuck disk takes none from the pool.</summary>
internal static class KernelCall
{
    /// <summary>Runs a blocking call.</summary>
    public static Task RunAsync(Action call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Runs a blocking call.</summary>
    public static Task<T> RunAsync<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}

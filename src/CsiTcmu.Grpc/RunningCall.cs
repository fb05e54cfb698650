namespace CsiTcmu.Grpc;

/// <summary>What the two ends of a call tell each other: <see cref="CallGate"/>, where the request comes in, and
/// <see cref="CallInterceptor"/>, where the service is called. It travels as a feature of the request.</summary>
internal sealed class RunningCall
{
    /// <summary>Whether the request could be read.</summary>
    public bool IsRead { get; set; }

    /// <summary>Whether the call ended with a status that was chosen for it.</summary>
    public bool HasFailed { get; set; }

    /// <summary>The service's own task. It may still run when the call is answered.</summary>
    public Task Service { get; set; } = Task.CompletedTask;
}

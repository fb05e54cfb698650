using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CsiTcmu.Grpc;

/// <summary>Why a call is given up before its service code is done.</summary>
internal enum GiveUpReason
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>The deadline passed.</summary>
    Deadline,

    /// <summary>The client cancelled, or its connection is gone.</summary>
    ClientGone,

    /// <summary>The server stops, and the time it gives to running calls is over.</summary>
    ServerStops,
}

/// <summary>The state of one call. It lives as long as the service code does, which may be longer than the HTTP request.</summary>
internal sealed class CallContext : ServerCallContext, IDisposable
{
    /// <summary>Longest time that a timer of .NET takes; a later deadline (49 days) is told to the service but not watched.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly ILogger _logger;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Timer? _deadlineTimer;
    private int _reason;

    /// <summary>Makes the state of a call.</summary>
    /// <param name="request">What the client sent ahead of its message.</param>
    /// <param name="maxSendMessageSize">Longest response message in bytes.</param>
    /// <param name="logger">Takes what nobody else can be told.</param>
    public CallContext(CallRequest request, int maxSendMessageSize, ILogger logger)
    {
        _logger = logger;
        MethodCore = request.Method;
        HostCore = request.Host;
        PeerCore = request.Peer;
        RequestHeadersCore = request.Headers;
        DeadlineCore = request.Deadline;
        MaxSendMessageSize = maxSendMessageSize;
        CancellationTokenCore = _cancellation.Token;
        Response = new CallResponse(request.Http, () => GiveUp(GiveUpReason.ClientGone), _cancellation.Token);
        if (request.Timeout is { } timeout && timeout <= LongestTimer)
            _deadlineTimer = new Timer(_ => GiveUp(GiveUpReason.Deadline), null, timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The response.</summary>
    public CallResponse Response { get; }

    /// <summary>Longest response message in bytes.</summary>
    public int MaxSendMessageSize { get; }

    /// <summary>Ends when the call is given up.</summary>
    public Task GivenUp => _givenUp.Task;

    /// <summary>Why the call is given up.</summary>
    public GiveUpReason Reason => (GiveUpReason)Volatile.Read(ref _reason);

    /// <inheritdoc/>
    protected override string MethodCore { get; }

    /// <inheritdoc/>
    protected override string HostCore { get; }

    /// <inheritdoc/>
    protected override string PeerCore { get; }

    /// <inheritdoc/>
    protected override DateTime DeadlineCore { get; }

    /// <inheritdoc/>
    protected override Metadata RequestHeadersCore { get; }

    /// <inheritdoc/>
    protected override CancellationToken CancellationTokenCore { get; }

    /// <inheritdoc/>
    protected override Metadata ResponseTrailersCore { get; } = [];

    /// <inheritdoc/>
    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    /// <inheritdoc/>
    protected override WriteOptions? WriteOptionsCore { get; set; }

    /// <summary>Gives the call up: the answer first, then whatever the service hung on the token. The first reason counts.</summary>
    /// <param name="reason">Why.</param>
    public void GiveUp(GiveUpReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)GiveUpReason.None) != (int)GiveUpReason.None)
            return;
        _givenUp.TrySetResult();
        try
        {
            _cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The timer and the end of the call met: there is nobody left to tell.
        }
        catch (Exception e)
        {
            // This runs on a timer or in Kestrel; an exception from a callback of the service must not get there.
            _logger.LogError(e, "{Method}: code hung on the cancellation of the call failed", MethodCore);
        }
    }

    /// <summary>The status of a call that is given up.</summary>
    /// <returns>One that says "repeat".</returns>
    public Status StatusOfGivingUp() => Reason switch
    {
        GiveUpReason.Deadline => new Status(StatusCode.DeadlineExceeded, "The deadline passed before the call ended; it may still be at work."),
        GiveUpReason.ServerStops => new Status(StatusCode.Unavailable, "The server stops before the call ended; repeat the call."),
        _ => new Status(StatusCode.Cancelled, "The caller cancelled the call."),
    };

    /// <summary>The status for an exception that leaves the service. What the service did not foresee may have left something half
    /// made, and CSI callers take UNKNOWN and INTERNAL for final: so it is UNAVAILABLE, which has them repeat.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Never success.</returns>
    public Status StatusFor(Exception exception) => exception switch
    {
        RpcException rpc when rpc.StatusCode != StatusCode.OK => rpc.Status,
        OperationCanceledException when Reason != GiveUpReason.None => StatusOfGivingUp(),
        _ => new Status(StatusCode.Unavailable, $"An internal error occurred in {MethodCore}; the log of the server has it in full. Repeat the call."),
    };

    /// <summary>Whether an exception is one that nobody foresaw.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>True when it belongs in the log.</returns>
    public bool IsUnforeseen(Exception exception) => exception switch
    {
        RpcException rpc => rpc.StatusCode == StatusCode.OK,
        OperationCanceledException => Reason == GiveUpReason.None,
        _ => true,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _deadlineTimer?.Dispose();
        _deadlineTimer = null;
        _cancellation.Dispose();
        Response.Dispose();
    }

    /// <inheritdoc/>
    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        return Response.StartAsync(responseHeaders);
    }
}

using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace CsiTcmu.Grpc;

/// <summary>The context that the official server makes, with what it does not know: who calls, and that the server stops.</summary>
/// <remarks>Service code may outlive a call that the stop gave up; so what it may ask then is copied from the request.</remarks>
internal sealed class CallContext : ServerCallContext, IDisposable
{
    /// <summary>The key under which the official server looks for the request of a context that is not its own.</summary>
    private const string HttpContextKey = "__HttpContext";

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(5);

    private readonly ServerCallContext _official;
    private readonly CancellationToken _clientGone;
    private readonly CancellationToken _serverStops;
    private readonly CancellationTokenSource _givenUp;

    /// <summary>Begins a call.</summary>
    /// <param name="official">The context of the official server.</param>
    /// <param name="http">The request.</param>
    /// <param name="serverStops">Fires when calls that still run are given up.</param>
    public CallContext(ServerCallContext official, HttpContext http, CancellationToken serverStops)
    {
        _official = official;
        _clientGone = http.RequestAborted;
        _serverStops = serverStops;
        _givenUp = CancellationTokenSource.CreateLinkedTokenSource(official.CancellationToken, serverStops);
        CancellationTokenCore = _givenUp.Token;
        MethodCore = official.Method;
        HostCore = official.Host;
        DeadlineCore = official.Deadline;
        PeerCore = PeerName.Of(http);
        http.Items[HttpContextKey] = http;
    }

    /// <summary>Whether the call is over whatever its service does. The token says so too, a moment later.</summary>
    public bool IsGivenUp =>
        CancellationTokenCore.IsCancellationRequested
        || _serverStops.IsCancellationRequested
        || _clientGone.IsCancellationRequested
        || DeadlineCore <= DateTime.UtcNow;

    /// <inheritdoc/>
    protected override string MethodCore { get; }

    /// <inheritdoc/>
    protected override string HostCore { get; }

    /// <inheritdoc/>
    protected override string PeerCore { get; }

    /// <inheritdoc/>
    protected override DateTime DeadlineCore { get; }

    /// <inheritdoc/>
    protected override CancellationToken CancellationTokenCore { get; }

    /// <inheritdoc/>
    protected override Metadata RequestHeadersCore => _official.RequestHeaders;

    /// <inheritdoc/>
    protected override Metadata ResponseTrailersCore => _official.ResponseTrailers;

    /// <inheritdoc/>
    protected override AuthContext AuthContextCore => _official.AuthContext;

    /// <inheritdoc/>
    protected override IDictionary<object, object> UserStateCore => _official.UserState;

    /// <inheritdoc/>
    protected override Status StatusCore
    {
        get => _official.Status;
        set => _official.Status = value;
    }

    /// <inheritdoc/>
    protected override WriteOptions? WriteOptionsCore
    {
        get => _official.WriteOptions;
        set => _official.WriteOptions = value;
    }

    /// <summary>The status for an exception that leaves the service. What the service did not foresee may have left something half
    /// made, and CSI callers take UNKNOWN and INTERNAL for final: so it is UNAVAILABLE, which has them repeat.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Never success.</returns>
    public Status StatusFor(Exception exception) => exception switch
    {
        RpcException rpc when rpc.StatusCode != StatusCode.OK => rpc.Status,
        OperationCanceledException when IsGivenUp => StatusOfGivingUp(),
        _ => new Status(StatusCode.Unavailable, $"An internal error occurred in {Method}; the log of the server has it in full. Repeat the call."),
    };

    /// <summary>Whether an exception is one that nobody foresaw.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>True when it belongs in the log.</returns>
    public bool IsUnforeseen(Exception exception) => exception switch
    {
        RpcException rpc => rpc.StatusCode == StatusCode.OK,
        OperationCanceledException => !IsGivenUp,
        _ => true,
    };

    /// <summary>Whether the call is over, or turns out to be within a few seconds: the server closes the output of a call first and says that the client is
    /// gone afterwards, from another thread.</summary>
    public async Task<bool> IsGivenUpSoonAsync()
    {
        if (!IsGivenUp)
            await Task.Delay(s_soon, CancellationTokenCore).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return IsGivenUp;
    }

    /// <inheritdoc/>
    public void Dispose() => _givenUp.Dispose();

    /// <inheritdoc/>
    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        _official.CreatePropagationToken(options);

    /// <inheritdoc/>
    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        CancellationTokenCore.ThrowIfCancellationRequested();
        return _official.WriteResponseHeadersAsync(responseHeaders);
    }

    private Status StatusOfGivingUp()
    {
        if (_serverStops.IsCancellationRequested)
            return new Status(StatusCode.Unavailable, "The server stops before the call ended; repeat the call.");
        return DeadlineCore <= DateTime.UtcNow
            ? new Status(StatusCode.DeadlineExceeded, "The deadline passed before the call ended; it may still be at work.")
            : new Status(StatusCode.Cancelled, "The caller cancelled the call.");
    }
}

namespace Grpc.Core;

/// <summary>What a method may know of the call that it serves, and do to it.</summary>
public abstract class ServerCallContext
{
    private Dictionary<object, object>? _userState;

    /// <summary>For derived classes.</summary>
    protected ServerCallContext()
    {
    }

    /// <summary>The path of the method, for example <c>/csi.v1.Identity/Probe</c>.</summary>
    public string Method => MethodCore;

    /// <summary>The authority that the client named.</summary>
    public string Host => HostCore;

    /// <summary>Who calls, for people to read.</summary>
    public string Peer => PeerCore;

    /// <summary>When the caller gives up, UTC; <see cref="DateTime.MaxValue"/> without a deadline.</summary>
    public DateTime Deadline => DeadlineCore;

    /// <summary>The metadata that the client sent.</summary>
    public Metadata RequestHeaders => RequestHeadersCore;

    /// <summary>Fires when the deadline passes, the client gives up or goes away, or the server must stop.</summary>
    public CancellationToken CancellationToken => CancellationTokenCore;

    /// <summary>Metadata that is sent with the status.</summary>
    public Metadata ResponseTrailers => ResponseTrailersCore;

    /// <summary>The status with which the call ends when the method returns without an exception.</summary>
    public Status Status
    {
        get => StatusCore;
        set => StatusCore = value;
    }

    /// <summary>Options of writing the responses.</summary>
    public WriteOptions? WriteOptions
    {
        get => WriteOptionsCore;
        set => WriteOptionsCore = value;
    }

    /// <summary>A place for interceptors to leave things for the method.</summary>
    public IDictionary<object, object> UserState => UserStateCore;

    /// <summary>The path of the method.</summary>
    protected abstract string MethodCore { get; }

    /// <summary>The authority that the client named.</summary>
    protected abstract string HostCore { get; }

    /// <summary>Who calls.</summary>
    protected abstract string PeerCore { get; }

    /// <summary>When the caller gives up.</summary>
    protected abstract DateTime DeadlineCore { get; }

    /// <summary>The metadata that the client sent.</summary>
    protected abstract Metadata RequestHeadersCore { get; }

    /// <summary>Fires when the call is to be given up.</summary>
    protected abstract CancellationToken CancellationTokenCore { get; }

    /// <summary>Metadata that is sent with the status.</summary>
    protected abstract Metadata ResponseTrailersCore { get; }

    /// <summary>The status of a call that ends without an exception.</summary>
    protected abstract Status StatusCore { get; set; }

    /// <summary>Options of writing the responses.</summary>
    protected abstract WriteOptions? WriteOptionsCore { get; set; }

    /// <summary>A place for interceptors to leave things for the method.</summary>
    protected virtual IDictionary<object, object> UserStateCore => _userState ??= [];

    /// <summary>Sends metadata ahead of the first response; allowed once.</summary>
    /// <param name="responseHeaders">The metadata.</param>
    /// <returns>Ends when the headers are handed to the connection.</returns>
    public Task WriteResponseHeadersAsync(Metadata responseHeaders) => WriteResponseHeadersAsyncCore(responseHeaders);

    /// <summary>Sends metadata ahead of the first response.</summary>
    /// <param name="responseHeaders">The metadata.</param>
    /// <returns>Ends when the headers are handed to the connection.</returns>
    protected abstract Task WriteResponseHeadersAsyncCore(Metadata responseHeaders);
}

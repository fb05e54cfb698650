using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CsiTcmu.Grpc;

/// <summary>The response of one call: headers, messages, trailers.</summary>
/// <remarks>
/// Service code that outlives its call (it ignores the token, say) must never touch the HTTP response, which by then belongs to Kestrel
/// again. So every use of it stands behind one gate:
/// 1. a write takes the gate, finds the response open, writes, and gives the gate back;
/// 2. the end takes the gate, closes the response for good, and writes the status;
/// 3. whoever comes later finds the response closed and gets an <see cref="OperationCanceledException"/>.
/// The end never waits for long: when a call is given up, its token has fired, and a write that waits for the client ends by it.
/// </remarks>
internal sealed class CallResponse(HttpContext http, Action clientIsGone, CancellationToken callToken) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private bool _started;
    private bool _ended;

    /// <summary>Sends headers ahead of the first message.</summary>
    /// <param name="metadata">The headers.</param>
    /// <returns>Ends when they are handed to the connection.</returns>
    public async Task StartAsync(Metadata metadata)
    {
        Enter();
        try
        {
            if (_started)
                throw new InvalidOperationException("Response headers can be sent once, before the first response.");
            _started = true;
            HeaderMetadata.Write(metadata, http.Response.Headers);
            await http.Response.StartAsync(callToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Sends a message.</summary>
    /// <param name="frame">The message with its header.</param>
    /// <param name="cancellationToken">Gives the call up when it fires before the message is handed over.</param>
    /// <returns>Ends when it is handed to the connection.</returns>
    public async Task WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(callToken, cancellationToken);
            either.Token.ThrowIfCancellationRequested();
            _started = true;
            var result = await http.Response.BodyWriter.WriteAsync(frame, either.Token);
            if (result.IsCompleted)
            {
                // A write may find out before Kestrel tells.
                clientIsGone();
                callToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Sends the last message and the status, and closes the response.</summary>
    /// <param name="frame">The message of a unary call, or nothing.</param>
    /// <param name="status">The status.</param>
    /// <param name="trailers">Metadata to go with the status, or null.</param>
    /// <returns>Ends when all is handed over.</returns>
    public async Task EndAsync(ReadOnlyMemory<byte> frame, Status status, Metadata? trailers)
    {
        await _gate.WaitAsync(CancellationToken.None);
        _ended = true;
        _gate.Release();

        // "Trailers-Only": a call that fails before it has answered anything ends with one block of headers.
        if (!_started && status.StatusCode != StatusCode.OK)
        {
            WriteStatus(http.Response.Headers, status, trailers);
            return;
        }

        if (frame.IsEmpty)
            await http.Response.StartAsync(CancellationToken.None);
        else
            await http.Response.BodyWriter.WriteAsync(frame, CancellationToken.None);
        WriteStatus(http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers, status, trailers);
    }

    /// <summary>Closes the response of a client that is gone.</summary>
    /// <returns>Ends when no write is under way.</returns>
    public async Task AbandonAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        _ended = true;
        _gate.Release();
    }

    /// <summary>Ends a call that never began with a status.</summary>
    /// <param name="http">The request.</param>
    /// <param name="status">The status.</param>
    public static void Refuse(HttpContext http, Status status) => WriteStatus(http.Response.Headers, status, null);

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private static void WriteStatus(IHeaderDictionary headers, Status status, Metadata? trailers)
    {
        headers["grpc-status"] = ((int)status.StatusCode).ToString();
        if (!string.IsNullOrEmpty(status.Detail))
            headers["grpc-message"] = StatusMessage.Encode(status.Detail);
        if (trailers is not null)
            HeaderMetadata.Write(trailers, headers);
    }

    private void Enter()
    {
        if (!_gate.Wait(0))
        {
            callToken.ThrowIfCancellationRequested();
            throw new InvalidOperationException("A write is still under way; await it before the next one.");
        }

        if (_ended)
        {
            _gate.Release();
            throw new OperationCanceledException("The call has ended.", callToken);
        }
    }
}

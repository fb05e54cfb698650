using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;

namespace CsiTcmu.Grpc.Tests;

/// <summary>The service of wire.proto.</summary>
internal sealed class WireService : Wire.WireBase
{
    public const string Secret = "the words of an exception stay inside";

    private readonly ConcurrentDictionary<string, WaitPoint> _points = new();

    public WaitPoint Point(string name) => _points.GetOrAdd(name, _ => new WaitPoint());

    public override Task<EchoReply> Echo(EchoRequest request, ServerCallContext context)
    {
        var reply = new EchoReply
        {
            Text = request.Text,
            Payload = request.ReplySize > 0 ? ByteString.CopyFrom(new byte[request.ReplySize]) : request.Payload,
            Method = context.Method,
            Host = context.Host,
            Peer = context.Peer,
            MillisecondsLeft = context.Deadline == DateTime.MaxValue ? -1 : (long)(context.Deadline - DateTime.UtcNow).TotalMilliseconds,
        };
        foreach (var header in context.RequestHeaders)
            reply.Headers[header.Key] = header.IsBinary ? Convert.ToHexString(header.ValueBytes) : header.Value;
        return Task.FromResult(reply);
    }

    public override Task<EchoReply> Fail(FailRequest request, ServerCallContext context)
    {
        var status = new Status((StatusCode)request.Code, request.Detail);
        switch (request.Way)
        {
            case FailRequest.Types.Way.Status:
                throw new RpcException(status);
            case FailRequest.Types.Way.Exception:
                throw new FormatException(Secret);
            case FailRequest.Types.Way.OwnTimeout:
                throw new OperationCanceledException(new CancellationToken(canceled: true));
            case FailRequest.Types.Way.NoResponse:
                return Task.FromResult<EchoReply>(null!);
            case FailRequest.Types.Way.ContextStatus:
                context.Status = status;
                return Task.FromResult(new EchoReply());
            case FailRequest.Types.Way.StatusOk:
                throw new RpcException(Status.DefaultSuccess);
            default:
                context.ResponseTrailers.Add("x-first", "from the context");
                throw new RpcException(status, new Metadata
                {
                    { "x-second", "from the exception" },
                    { "x-bytes-bin", [0, 255, 7] },
                    { "grpc-status-details-bin", [1, 2, 3] },
                });
        }
    }

    public override async Task<EchoReply> Wait(WaitRequest request, ServerCallContext context)
    {
        if (request.Headers)
            await context.WriteResponseHeadersAsync([]);
        await Point(request.Name).WaitAsync(request.Deaf, request.Blocking, context.CancellationToken);
        return new EchoReply { Text = "released" };
    }

    public override async Task Count(CountRequest request, IServerStreamWriter<CountReply> responseStream, ServerCallContext context)
    {
        if (request.Metadata)
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "x-head", "first" }, { "x-head-bin", [1] } });
            context.ResponseTrailers.Add("x-tail", "last");
        }

        for (var number = 1; number <= request.Messages; number++)
            await responseStream.WriteAsync(new CountReply { Number = number, Payload = ByteString.CopyFrom(new byte[request.Size]) });
        if (request.Wait.Length > 0)
        {
            try
            {
                await Point(request.Wait).WaitAsync(deaf: true, blocking: false, context.CancellationToken);
            }
            finally
            {
                // What a service that outlives its call does: it writes on.
                Point(request.Wait).LateWrite = await Record.ExceptionAsync(() => responseStream.WriteAsync(new CountReply()));
                Point(request.Wait).LateWriteDone.TrySetResult();
            }
        }

        if (request.Code != 0)
            throw new RpcException(new Status((StatusCode)request.Code, "after the messages"));
    }
}

/// <summary>Where calls and the test meet.</summary>
internal sealed class WaitPoint
{
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _entered = new(0);
    private readonly SemaphoreSlim _left = new(0);
    private int _inside;
    private int _mostInside;

    /// <summary>Fires when the token of a call fires.</summary>
    public Task Cancelled => _cancelled.Task;

    /// <summary>Most calls that waited here at once.</summary>
    public int MostInside => Volatile.Read(ref _mostInside);

    public Exception? LateWrite { get; set; }

    public TaskCompletionSource LateWriteDone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task EnteredAsync(int calls = 1)
    {
        for (var i = 0; i < calls; i++)
            Assert.True(await _entered.WaitAsync(TestServer.Patience), $"only {i} of {calls} calls arrived");
    }

    public async Task LeftAsync() => Assert.True(await _left.WaitAsync(TestServer.Patience), "the service code did not end");

    public void Release() => _release.TrySetResult();

    public async Task WaitAsync(bool deaf, bool blocking, CancellationToken token)
    {
        _ = token.Register(() => _cancelled.TrySetResult());
        var inside = Interlocked.Increment(ref _inside);
        for (var most = MostInside; inside > most; most = MostInside)
            Interlocked.CompareExchange(ref _mostInside, inside, most);
        _entered.Release();
        try
        {
            if (blocking)
                _release.Task.Wait(CancellationToken.None);
            else
                await _release.Task.WaitAsync(deaf ? CancellationToken.None : token);
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
            _left.Release();
        }
    }
}

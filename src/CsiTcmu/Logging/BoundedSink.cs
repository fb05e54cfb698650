using System.Threading.Channels;
using Serilog.Core;
using Serilog.Events;

namespace CsiTcmu.Logging;

/// <summary>
/// Hands log events to another sink on a thread of its own. A reader that does not take the output (a full pipe) never blocks who logs:
/// events beyond the bound are dropped, and their number is logged when there is room again.
/// </summary>
internal sealed class BoundedSink : ILogEventSink, IDisposable
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(2);
    private readonly Channel<LogEvent> _events;
    private readonly ILogEventSink _target;
    private readonly Thread _thread;
    private long _dropped;

    /// <summary>Starts the thread that writes to <paramref name="target"/>.</summary>
    public BoundedSink(ILogEventSink target)
    {
        _target = target;
        _events = Channel.CreateBounded<LogEvent>(new BoundedChannelOptions(Capacity) { SingleReader = true });
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        if (!_events.Writer.TryWrite(logEvent)) Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is queued, for at most two seconds.</summary>
    public void Dispose()
    {
        _events.Writer.TryComplete();
        _thread.Join(FlushTime);
    }

    private void Run()
    {
        while (_events.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_events.Reader.TryRead(out var logEvent)) _target.Emit(logEvent);
            var dropped = Interlocked.Exchange(ref _dropped, 0);
            if (dropped > 0) _target.Emit(Notice(dropped));
        }
    }

    private static LogEvent Notice(long dropped) => new(
        DateTimeOffset.Now,
        LogEventLevel.Warning,
        null,
        new Serilog.Parsing.MessageTemplateParser().Parse("{Dropped} log events were dropped because nobody read the output"),
        [new LogEventProperty("Dropped", new ScalarValue(dropped))]);
}

using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace CsiTcmu.Logging;

/// <summary>How log lines look.</summary>
internal enum LogFormat
{
    /// <summary>One readable line.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Makes the program's logger: lines on standard error, so that standard output stays the answer of a verb.</summary>
internal static class Log
{
    private const string TextTemplate = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>A logger factory; disposing it writes what is queued.</summary>
    public static ILoggerFactory Create(LogEventLevel level, LogFormat format)
    {
        ITextFormatter formatter = format == LogFormat.Json ? new JsonFormatter(renderMessage: true) : new MessageTemplateTextFormatter(TextTemplate);
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            // It tells each failed call again, which the log of calls tells with its request.
            .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
            .WriteTo.Sink(new BoundedSink(new ErrorStreamSink(formatter)))
            .CreateLogger();
        return new SerilogLoggerFactory(logger, dispose: true);
    }

    private sealed class ErrorStreamSink(ITextFormatter formatter) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            formatter.Format(logEvent, Console.Error);
            Console.Error.Flush();
        }
    }
}

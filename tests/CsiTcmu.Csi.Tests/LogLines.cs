using Microsoft.Extensions.Logging;

namespace CsiTcmu.Csi.Tests;

/// <summary>Keeps everything that reaches a log: text, every structured value, exceptions.</summary>
internal sealed class LogLines : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Text, string Everything)> _lines = [];

    public IReadOnlyList<(LogLevel Level, string Text, string Everything)> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var text = formatter(state, exception);
        var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join("; ", pairs) : "";
        lock (_lock)
            _lines.Add((logLevel, text, $"{text} | {values} | {exception}"));
    }
}

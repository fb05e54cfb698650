namespace CsiTcmu.Metrics;

/// <summary>Something that can be measured.</summary>
public interface IMetricsSource
{
    /// <summary>Writes its families as they are now. What takes long, or fails, leaves them out.</summary>
    Task WriteAsync(MetricsText text, CancellationToken cancellationToken);
}

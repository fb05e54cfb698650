using System.Collections.Concurrent;
using System.Diagnostics;
using CsiTcmu.Grpc;
using Grpc.Core;

namespace CsiTcmu.Metrics;

/// <summary>Counts calls by method and code, with their durations. Methods are those that are served, codes gRPC's: there are never many.</summary>
public sealed class CallMetrics : IMetricsSource
{
    private static readonly double[] Bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
    private readonly ConcurrentDictionary<(string Method, StatusCode Code), Durations> _durations = new();

    /// <summary>Runs around a call, outside of what gives failures their code; to be put into <see cref="GrpcServerOptions.Interceptors"/>.</summary>
    public async Task InterceptAsync(GrpcCall call, Func<Task> next)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(next);
        var start = Stopwatch.GetTimestamp();
        var code = StatusCode.OK;
        try
        {
            await next();
        }
        catch (Exception failure)
        {
            code = call.StatusFor(failure).StatusCode;
            throw;
        }
        finally
        {
            Count(call.Method[(call.Method.LastIndexOf('/') + 1)..], code, Stopwatch.GetElapsedTime(start));
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(MetricsText text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        text.Family("csi_tcmu_call_duration_seconds", MetricType.Histogram, "CSI calls that have ended, by method and gRPC code.");
        foreach (var ((method, code), durations) in _durations.OrderBy(entry => entry.Key.Method, StringComparer.Ordinal).ThenBy(entry => entry.Key.Code))
        {
            var (counts, sum) = durations.Read();
            text.Histogram(Bounds, counts, sum, ("method", method), ("code", code.ToString()));
        }

        return Task.CompletedTask;
    }

    internal void Count(string method, StatusCode code, TimeSpan duration) =>
        _durations.GetOrAdd((method, code), _ => new Durations()).Add(duration.TotalSeconds);

    private sealed class Durations
    {
        private readonly Lock _gate = new();
        private readonly long[] _counts = new long[Bounds.Length + 1];
        private double _sum;

        public void Add(double seconds)
        {
            var bucket = Array.FindIndex(Bounds, bound => seconds <= bound);
            lock (_gate)
            {
                _counts[bucket < 0 ? Bounds.Length : bucket]++;
                _sum += seconds;
            }
        }

        public (long[] Counts, double Sum) Read()
        {
            lock (_gate) return ([.. _counts], _sum);
        }
    }
}

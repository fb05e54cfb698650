using System.Runtime.InteropServices;
using System.Text.Json;
using BenchmarkDotNet.Reports;

namespace CsiTcmu.Benchmarks;

/// <summary>What <c>artifacts/micro.json</c> says.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    /// <summary>The load of the last minute.</summary>
    public static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    /// <summary>The figures of a run.</summary>
    /// <param name="summary">The run.</param>
    /// <param name="load">The load before it.</param>
    public static string ToJson(Summary summary, string load) => JsonSerializer.Serialize(
        new
        {
            Environment = new
            {
                Processor = Processor(),
                Processors = Environment.ProcessorCount,
                Kernel = RuntimeInformation.OSDescription,
                Runtime = RuntimeInformation.FrameworkDescription,
                LoadBefore = load,
                LoadAfter = LoadAverage(),
            },
            Rows = summary.Reports.Select(report => new
            {
                Pattern = report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
                Batch = (int)report.BenchmarkCase.Parameters[nameof(RingBenchmarks.Batch)],
                MinimumNanoseconds = Round(report.ResultStatistics!.Min),
                FirstQuartileNanoseconds = Round(report.ResultStatistics.Q1),
                MedianNanoseconds = Round(report.ResultStatistics.Median),
                MeanNanoseconds = Round(report.ResultStatistics.Mean),
                StandardDeviation = Round(report.ResultStatistics.StandardDeviation),
                Laps = report.ResultStatistics.N,
                AllocatedBytes = AllocatedBytes(report),
            }),
        },
        Format) + "\n";

    /// <summary>Bytes allocated on the managed heap per command, or null when they could not be counted.</summary>
    public static long? AllocatedBytes(BenchmarkReport report) => report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);

    private static double Round(double nanoseconds) => Math.Round(nanoseconds, 2);

    private static string Processor()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
    }
}

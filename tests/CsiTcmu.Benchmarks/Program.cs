using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CsiTcmu.Benchmarks;

// With "profile PATTERN BATCH SECONDS" one case runs for that long without any measurement, for perf and its kind.
if (args is ["profile", var pattern, var batch, var seconds])
{
    Profile.Run(pattern, int.Parse(batch), int.Parse(seconds));
    return 0;
}

var output = Path.GetFullPath(args.Length == 1 ? args[0] : "artifacts/micro.json");
var folder = Path.GetDirectoryName(output)!;

// An invocation is a lap, which has to be put on the ring again before each.
var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
    .WithInvocationCount(1).WithUnrollFactor(1).WithWarmupCount(20).WithIterationCount(300);
var config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(NullLogger.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(StatisticColumn.Min, StatisticColumn.Q1, StatisticColumn.Median)
    .WithArtifactsPath(Path.Combine(folder, "micro"));

var load = Report.LoadAverage();
Console.WriteLine($"micro: about 45 seconds; the whole log is in {Path.GetRelativePath(Environment.CurrentDirectory, config.ArtifactsPath)}");
var summary = BenchmarkRunner.Run<RingBenchmarks>(config);
if (summary.HasCriticalValidationErrors || summary.Reports.Length == 0 || summary.Reports.Any(report => !report.Success))
{
    Console.Error.WriteLine($"micro: a benchmark has failed, see {summary.LogFilePath}");
    return 1;
}

MarkdownExporter.Console.ExportToLog(summary, ConsoleLogger.Default);
File.WriteAllText(output, Report.ToJson(summary, load));
Console.WriteLine();
Console.WriteLine($"micro: {Path.GetRelativePath(Environment.CurrentDirectory, output)}; load average {load} before and {Report.LoadAverage()} after");
if (summary.Reports.All(report => Report.AllocatedBytes(report) == 0)) return 0;
Console.Error.WriteLine("micro: the way of a command allocates");
return 1;

namespace CsiTcmu.Benchmarks;

/// <summary>One case without BenchmarkDotNet, for a profiler.</summary>
internal static class Profile
{
    /// <summary>Runs laps, and says how long the fastest of them took per command.</summary>
    public static void Run(string pattern, int batch, int seconds)
    {
        var benchmarks = new RingBenchmarks { Batch = batch };
        Action lap;
        switch (pattern)
        {
            case nameof(RingBenchmarks.Read):
                benchmarks.SetUpRead();
                lap = benchmarks.Read;
                break;
            case nameof(RingBenchmarks.ReadUnfilled):
                benchmarks.SetUpReadUnfilled();
                lap = benchmarks.ReadUnfilled;
                break;
            case nameof(RingBenchmarks.Write):
                benchmarks.SetUpWrite();
                lap = benchmarks.Write;
                break;
            default:
                throw new ArgumentException($"'{pattern}' is none of Read, ReadUnfilled, Write.", nameof(pattern));
        }

        var times = new List<double>();
        for (var end = Environment.TickCount64 + (seconds * 1000L); Environment.TickCount64 < end;)
        {
            benchmarks.Restore();
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            lap();
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalNanoseconds / Lap.Commands);
        }

        benchmarks.Check();
        benchmarks.CleanUp();
        times.Sort();
        Console.WriteLine($"{pattern} at {batch}: {times[0]:f1} ns per command at least, {times[times.Count / 4]:f1} at the first quartile, " +
            $"{times[times.Count / 2]:f1} at the median of {times.Count} laps");
    }
}
